// GET /_matrix/client/v3/events (Client-Server API, "Syncing"; deprecated)
import { Hono } from 'hono';

import { invalidParam } from '../../matrix/error.ts';
import { eventStream } from '../../sync/older-forms.ts';
import { parseSyncToken, type SyncToken } from '../../sync/token.ts';
import { pollTimeout } from './poll-timeout.ts';
import type { SyncRouteDeps } from './sync.ts';

/** What comes into all rooms of the user. With a `room_id`, {@link peekEvents} has answered before. */
export const getEvents = ({ requireUser, shard, rooms, deviceLists, epoch }: SyncRouteDeps) =>
  new Hono().get('/_matrix/client/v3/events', requireUser, async (c) => {
    const { userId, deviceId, shard: name } = c.var.requester;
    const { from, timeout } = c.req.query();
    return c.json(
      await eventStream(
        { shard: shard(name), rooms, deviceLists: deviceLists(name), epoch: await epoch(), now: () => Date.now() },
        { userId, deviceId, from: tokenOf(from), timeoutMs: pollTimeout(timeout) },
      ),
    );
  });

function tokenOf(text: string | undefined): SyncToken | undefined {
  if (text === undefined || text === '') return undefined;
  const token = parseSyncToken(text);
  if (token === undefined) throw invalidParam('from is no token of ours');
  return token;
}
