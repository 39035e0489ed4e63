// GET /_matrix/client/v3/admin/whois/{userId} (Client-Server API, "Server Administration")
import { Hono } from 'hono';

import { forbidden, notFound } from '../../../matrix/error.ts';
import type { UserId } from '../../../matrix/ids/brands.ts';
import type { AccountRouteDeps } from '../accounts-deps.ts';
import { refuseAppservices } from '../from-user.ts';

/** Users about themselves, and administrators about everybody here. No user agents are kept. */
export const getWhois = ({ requireUser, accounts, shards }: AccountRouteDeps) =>
  new Hono().get('/_matrix/client/v3/admin/whois/:userId', requireUser, async (c) => {
    const { requester } = c.var;
    refuseAppservices(requester);
    const userId = c.req.param('userId') as UserId;
    if (userId !== requester.userId && !requester.isAdmin) throw forbidden('Only administrators may ask about others');
    const shard = await accounts.accounts.shardOf(userId);
    if (shard === undefined) throw notFound('There is no such user here');
    const devices = await shards(shard).devices({ userId });
    const sessions = devices.map(({ deviceId, lastSeenTs, lastSeenIp }) => {
      const connection = {
        ...(lastSeenIp === undefined ? {} : { ip: lastSeenIp }),
        ...(lastSeenTs === undefined ? {} : { last_seen: lastSeenTs }),
      };
      return [deviceId, { sessions: [{ connections: lastSeenTs === undefined ? [] : [connection] }] }] as const;
    });
    return c.json({ user_id: userId, devices: Object.fromEntries(sessions) });
  });
