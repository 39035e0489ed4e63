// GET /_matrix/client/v3/sync (Client-Server API, "Syncing")
import { Hono } from 'hono';

import { invalidParam, notJson } from '../../matrix/error.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { parseJson } from '../../matrix/json/strict-json.ts';
import { parsePointToken } from '../../room/read/history-point.ts';
import { readSyncFilter } from '../../sync/sync-filter.ts';
import type { DeviceListReader } from '../../sync/device-lists.ts';
import type { SyncRooms, SyncShard } from '../../sync/ports.ts';
import { sync as syncOnce } from '../../sync/sync.ts';
import { parseSyncToken, type SyncToken } from '../../sync/token.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import { filterDefinitionOf } from './filter-definition.ts';
import type { RequireUser } from './from-user.ts';

/** A poll is held no longer than this, whatever the client asks. */
export const MAX_TIMEOUT_MS = 60_000;

export interface SyncRouteDeps {
  readonly requireUser: RequireUser;
  readonly shard: (shard: string) => SyncShard;
  readonly rooms: SyncRooms;
  readonly deviceLists: (shard: string) => DeviceListReader;
  /** Of tokens. */
  readonly epoch: () => Promise<string>;
  /** A stored filter. Throws `M_NOT_FOUND`. */
  readonly filter: (shard: string, userId: UserId, filterId: string) => Promise<JsonObject>;
}

export const sync = (deps: SyncRouteDeps) =>
  new Hono().get('/_matrix/client/v3/sync', deps.requireUser, async (c) => {
    const { userId, deviceId, shard } = c.var.requester;
    const {
      since,
      timeout,
      filter,
      full_state: fullState,
      use_state_after: useStateAfter,
      set_presence: shown,
    } = c.req.query();
    const token = tokenIn('since', since);
    const timeoutMs = timeout === undefined ? 0 : Number(timeout);
    if (!Number.isFinite(timeoutMs) || timeoutMs < 0) throw invalidParam('timeout is no number');
    const definition = await filterDefinition(deps, shard, userId, filter);
    const body = await syncOnce(
      {
        shard: deps.shard(shard),
        rooms: deps.rooms,
        deviceLists: deps.deviceLists(shard),
        epoch: await deps.epoch(),
        now: () => Date.now(),
      },
      {
        userId,
        deviceId,
        since: token,
        timeoutMs: Math.min(timeoutMs, MAX_TIMEOUT_MS),
        fullState: fullState === 'true',
        useStateAfter: useStateAfter === 'true',
        tellsToDevice: deviceId !== '',
        setPresence: shownAs(shown),
        filter: readSyncFilter(definition),
      },
    );
    return c.body(body, 200, { 'content-type': 'application/json' });
  });

/**
 * @returns `undefined` for no token, and for a pagination token: it is a point in one room, so that the position in every
 * room is unknown, which is an initial sync. Source: contracts, section 1, "Token".
 */
export function tokenIn(name: string, text: string | undefined): SyncToken | undefined {
  if (text === undefined || text === '' || parsePointToken(text) !== undefined) return undefined;
  const token = parseSyncToken(text);
  if (token === undefined) throw invalidParam(`${name} is no token of ours`);
  return token;
}

/** Source: Client-Server API, `GET /sync`, `set_presence`. */
export function shownAs(text: string | undefined): 'online' | 'unavailable' | 'offline' {
  if (text === undefined || text === '' || text === 'online') return 'online';
  if (text === 'unavailable' || text === 'offline') return text;
  throw invalidParam('set_presence is online, unavailable or offline');
}

async function filterDefinition(
  deps: SyncRouteDeps,
  shard: string,
  userId: UserId,
  filter: string | undefined,
): Promise<JsonObject> {
  if (filter === undefined || filter === '') return {};
  if (!filter.startsWith('{')) return deps.filter(shard, userId, filter);
  const parsed = parseJson(filter);
  if (!parsed.ok) throw notJson('filter is not JSON');
  return filterDefinitionOf(parsed.value);
}
