// POST /_matrix/client/v4/sync and /_matrix/client/unstable/org.matrix.simplified_msc3575/sync (MSC4186)
import { Hono, type Context } from 'hono';

import { invalidParam, unknownPos } from '../../matrix/error.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { DeviceListReader } from '../../sync/device-lists.ts';
import type { SlidingRooms, SlidingShard } from '../../sync/sliding/ports.ts';
import { parsePos } from '../../sync/sliding/pos.ts';
import { readSlidingRequest } from '../../sync/sliding/request.ts';
import type { Dialect } from '../../sync/sliding/room-result.ts';
import { slidingSync as syncOnce } from '../../sync/sliding/sliding-sync.ts';
import { JsonObjectSchema } from '../json-object-schema.ts';
import { jsonBody } from '../middleware/json-body.ts';
import type { FromUser, RequireUser } from './from-user.ts';
import { MAX_TIMEOUT_MS, shownAs } from './sync.ts';

export interface SlidingSyncDeps {
  readonly requireUser: RequireUser;
  readonly shard: (shard: string) => SlidingShard;
  readonly rooms: SlidingRooms;
  readonly deviceLists: (shard: string) => DeviceListReader;
  /** Of tokens. */
  readonly epoch: () => Promise<string>;
}

export const slidingSync = (deps: SlidingSyncDeps) =>
  new Hono()
    .post('/_matrix/client/v4/sync', deps.requireUser, jsonBody(JsonObjectSchema), async (c) =>
      c.json(await answer(deps, c, c.req.valid('json'), 'stable')),
    )
    .post(
      '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync',
      deps.requireUser,
      jsonBody(JsonObjectSchema),
      async (c) => c.json(await answer(deps, c, c.req.valid('json'), 'unstable')),
    );

/** What MSC4186 has in the body, clients of the unstable path send in the query. */
async function answer(deps: SlidingSyncDeps, c: Context<FromUser>, body: JsonObject, dialect: Dialect) {
  const { userId, deviceId, shard } = c.var.requester;
  const given = { ...body, ...c.req.query() };
  const pos = textOf(given['pos'], 'pos');
  const parsed = pos === undefined || pos === '' ? undefined : parsePos(pos);
  if (pos !== undefined && pos !== '' && parsed === undefined) throw unknownPos('pos is none of ours');
  const timeoutMs = Number(given['timeout'] ?? 0);
  if (!Number.isFinite(timeoutMs) || timeoutMs < 0) throw invalidParam('timeout is no number');
  return syncOnce(
    {
      shard: deps.shard(shard),
      rooms: deps.rooms,
      deviceLists: deps.deviceLists(shard),
      epoch: await deps.epoch(),
      now: () => Date.now(),
      newId: () => crypto.randomUUID().replaceAll('-', ''),
    },
    {
      userId,
      deviceId,
      pos: parsed,
      timeoutMs: Math.min(timeoutMs, MAX_TIMEOUT_MS),
      setPresence: shownAs(textOf(given['set_presence'], 'set_presence')),
      request: readSlidingRequest(body, userId),
      dialect,
    },
  );
}

function textOf(value: JsonObject[string] | undefined, name: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw invalidParam(`${name} is no text`);
  return value;
}
