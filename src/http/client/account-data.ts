// GET and PUT /_matrix/client/v3/user/{userId}/account_data/{type}, and per room (Client-Server API, "Client Config")
import { Hono } from 'hono';

import { badJson, forbidden, MatrixError, notFound } from '../../matrix/error.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import { isJsonObject } from '../../matrix/json/json-value.ts';
import { plainJson } from '../../matrix/json/plain-json.ts';
import { readJson } from '../middleware/json-body.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';
import { roomIdOf } from './path-ids.ts';

const GLOBAL = '/_matrix/client/v3/user/:userId/account_data/:type';
const ROOM = '/_matrix/client/v3/user/:userId/rooms/:roomId/account_data/:type';

/** Types that the server itself owns. Source: "Client Config", "Server Behaviour". */
const OWNED: ReadonlySet<string> = new Set(['m.fully_read', 'm.push_rules']);

interface Requester {
  readonly userId: UserId;
  readonly shard: string;
}

export const accountData = (deps: AccountRouteDeps) => {
  const get = async (requester: Requester, userId: string, roomId: string, type: string) => {
    if (requester.userId !== userId) throw forbidden('This is not your account data');
    const content = await deps.shards(requester.shard).accountData({ userId: requester.userId, roomId, type });
    if (content === undefined) throw notFound('There is no such account data');
    return content;
  };
  const put = async (requester: Requester, userId: string, roomId: string, type: string, request: Request) => {
    if (requester.userId !== userId) throw forbidden('This is not your account data');
    if (OWNED.has(type)) throw new MatrixError(405, 'M_BAD_JSON', `${type} cannot be set here`);
    const content = await readJson(request);
    if (!isJsonObject(content)) throw badJson('The content must be an object');
    await deps
      .shards(requester.shard)
      .putAccountData({ userId: requester.userId, roomId, type, content: plainJson(content) });
  };
  return new Hono()
    .get(GLOBAL, deps.requireUser, async (c) =>
      c.json(await get(c.var.requester, c.req.param('userId'), '', c.req.param('type'))),
    )
    .put(GLOBAL, deps.requireUser, async (c) => {
      await put(c.var.requester, c.req.param('userId'), '', c.req.param('type'), c.req.raw);
      return c.json({});
    })
    .get(ROOM, deps.requireUser, async (c) =>
      c.json(await get(c.var.requester, c.req.param('userId'), roomIdOf(c.req.param('roomId')), c.req.param('type'))),
    )
    .put(ROOM, deps.requireUser, async (c) => {
      await put(
        c.var.requester,
        c.req.param('userId'),
        roomIdOf(c.req.param('roomId')),
        c.req.param('type'),
        c.req.raw,
      );
      return c.json({});
    });
};
