import { listInKeysAnswer, type DeviceList } from '../matrix/device-lists/device-list.ts';
import type { ServerName, UserId } from '../matrix/ids/brands.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';
import { askServers } from './ask-servers.ts';
import { NOTHING_KEPT, type DeviceKeysDeps, type KeptLists, type KeyQuery, type KeyReader } from './ports.ts';

/** At least so long is looked at what is kept. */
const LOOK_MS = 2_000;
/** Of a server that did not answer lately, where something is kept of everybody. */
const AWAY_TIMEOUT_MS = 2_000;

type Queries = ReadonlyMap<ServerName, readonly KeyQuery[]>;

export interface RemoteAnswer {
  readonly lists: ReadonlyMap<UserId, DeviceList>;
  /** Servers that could not be asked, where nothing is kept of somebody. */
  readonly silent: readonly ServerName[];
}

/**
 * What users of other servers publish: as it is kept here, where that is known to be right, else as their server says,
 * and where it does not answer as it was when it last did. Source: Client-Server API, `POST /keys/query` (`failures`).
 */
export async function queryRemoteKeys(
  { lists: kept, remote }: Pick<DeviceKeysDeps, 'lists' | 'remote'>,
  queries: Queries,
  timeoutMs: number,
  reader: KeyReader,
): Promise<RemoteAnswer> {
  const deadline = Date.now() + timeoutMs;
  const found = new Map<ServerName, KeptLists>();
  await askServers(queries, Math.max(timeoutMs / 2, LOOK_MS), async (server, asked, leftMs) => {
    const userIds = asked.map(({ userId }) => userId);
    found.set(server, await kept.find(server, userIds, reader, leftMs));
    return true;
  });
  const lists = new Map<UserId, DeviceList>();
  const open = new Map<ServerName, readonly KeyQuery[]>();
  for (const [server, asked] of queries) {
    const { users } = found.get(server) ?? NOTHING_KEPT;
    for (const [userId, { list, isCurrent }] of users) if (list !== undefined && isCurrent) lists.set(userId, list);
    const left = asked.filter(({ userId }) => !lists.has(userId));
    if (left.length > 0) open.set(server, left);
  }
  const silent = await askServers(open, deadline - Date.now(), async (server, asked, leftMs) => {
    const { users, isAway, mark } = found.get(server) ?? NOTHING_KEPT;
    const hasAll = asked.every(({ userId }) => users.get(userId)?.list !== undefined);
    const limitMs = isAway && hasAll ? Math.min(leftMs, AWAY_TIMEOUT_MS) : leftMs;
    const isShared = (userId: UserId) => users.has(userId);
    const answer = await remote.query(server, deviceKeysQuery(asked, isShared), limitMs);
    if (answer === undefined) return undefined;
    const told = asked.flatMap(({ userId }) => {
      const list = listInKeysAnswer(answer, userId) ?? (isShared(userId) ? { devices: {} } : undefined);
      return list === undefined ? [] : [[userId, list] as const];
    });
    for (const [userId, list] of told) lists.set(userId, list);
    const news = told.filter(([userId]) => isShared(userId));
    if (news.length > 0) await kept.keep(server, { users, mark }, new Map(news));
    return true;
  });
  const unknown = silent.filter((server) => {
    const { users } = found.get(server) ?? NOTHING_KEPT;
    for (const [userId, { list }] of users) if (list !== undefined && !lists.has(userId)) lists.set(userId, list);
    return open.get(server)?.some(({ userId }) => !lists.has(userId)) === true;
  });
  return { lists, silent: unknown };
}

/** Of whoever's list is kept all devices are asked for. */
const deviceKeysQuery = (queries: readonly KeyQuery[], isKept: (userId: UserId) => boolean): JsonObject =>
  Object.fromEntries(queries.map(({ userId, deviceIds }) => [userId, isKept(userId) ? [] : [...deviceIds]]));
