// GET and PUT /_matrix/client/v3/presence/{userId}/status (Client-Server API, "Presence")
import { Hono } from 'hono';
import * as v from 'valibot';

import { forbidden, notFound } from '../../matrix/error.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import { presenceContent } from '../../sync/presence-content.ts';
import { jsonBody } from '../middleware/json-body.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';
import type { Requester } from './from-user.ts';
import { userIdOf } from './path-ids.ts';

const PATH = '/_matrix/client/v3/presence/:userId/status';

const MAX_STATUS_BYTES = 1_000;

const Body = v.object({
  presence: v.picklist(['online', 'unavailable', 'offline']),
  status_msg: v.optional(v.nullable(v.pipe(v.string(), v.maxBytes(MAX_STATUS_BYTES)))),
});

type Deps = Pick<AccountRouteDeps, 'requireUser' | 'accounts' | 'shards'>;

export const presence = (deps: Deps) =>
  new Hono()
    .get(PATH, deps.requireUser, async (c) => {
      const seen = await seenBy(deps, c.var.requester, userIdOf(c.req.param('userId')));
      return c.json(presenceContent(seen, deps.accounts.now()));
    })
    .put(PATH, deps.requireUser, jsonBody(Body), async (c) => {
      const { userId, deviceId, shard } = c.var.requester;
      if (c.req.param('userId') !== userId) throw forbidden('This is another user');
      const { presence: state, status_msg: status } = c.req.valid('json');
      await deps.shards(shard).setPresence({
        userId,
        deviceId,
        presence: state,
        ...(typeof status === 'string' && status !== '' ? { statusMsg: status } : {}),
      });
      return c.json({});
    });

/** Only who shares a room with somebody is told how they are. */
async function seenBy(deps: Deps, requester: Requester, target: UserId) {
  if (userIdServer(target) !== deps.accounts.serverName) {
    const seen = await deps.shards(requester.shard).presenceSeenBy({ userId: requester.userId, target });
    if (seen === undefined) throw notFound('Nothing is known of this user');
    return seen;
  }
  const shard = await deps.accounts.accounts.shardOf(target);
  const own = shard === undefined ? undefined : await deps.shards(shard).ownPresence({ userId: target });
  if (own === undefined) throw notFound('There is no such user');
  if (target === requester.userId) return own.presence;
  const joined = new Set(await deps.shards(requester.shard).joinedRooms({ userId: requester.userId }));
  if (!own.roomIds.some((roomId) => joined.has(roomId))) throw forbidden('You share no room with this user');
  return own.presence;
}
