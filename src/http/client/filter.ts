// POST /_matrix/client/v3/user/{userId}/filter and GET of one (Client-Server API, "Filtering")
import { Hono } from 'hono';

import { forbidden, notFound } from '../../matrix/error.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import { canonicalJson } from '../../matrix/json/canonical-json.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { ShardClient } from '../../durable/user/client.ts';
import { readJson } from '../middleware/json-body.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';
import { filterDefinitionOf } from './filter-definition.ts';

const MAX_FILTER_BYTES = 65_536;
const PATH = '/_matrix/client/v3/user/:userId/filter';

export const filter = (deps: AccountRouteDeps) =>
  new Hono()
    .post(PATH, deps.requireUser, async (c) => {
      const { userId, shard } = c.var.requester;
      if (userId !== c.req.param('userId')) throw forbidden('These are not your filters');
      const definition = filterDefinitionOf(await readJson(c.req.raw, MAX_FILTER_BYTES));
      const id = await deps.shards(shard).addFilter({ userId, definition: canonicalJson(definition) });
      return c.json({ filter_id: String(id) });
    })
    .get(`${PATH}/:filterId`, deps.requireUser, async (c) => {
      const { userId, shard } = c.var.requester;
      if (userId !== c.req.param('userId')) throw forbidden('These are not your filters');
      return c.json(await storedFilter(deps.shards(shard), userId, c.req.param('filterId')));
    });

/** Throws `M_NOT_FOUND`. */
export async function storedFilter(shard: ShardClient, userId: UserId, filterId: string): Promise<JsonObject> {
  const id = /^\d{1,9}$/.test(filterId) ? Number(filterId) : undefined;
  const definition = id === undefined ? undefined : await shard.filter({ userId, filterId: id });
  if (definition === undefined) throw notFound('There is no such filter');
  return JSON.parse(definition) as JsonObject;
}
