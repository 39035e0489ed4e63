import type { UserId } from '../matrix/ids/brands.ts';
import { isJsonObject } from '../matrix/json/json-value.ts';
import type { DeviceKeysDeps, KeyReader } from './ports.ts';
import { queryKeys } from './query-keys.ts';

/** The master keys of other users, as JSON, as far as they can be had in time. */
export async function masterKeysOf(
  deps: DeviceKeysDeps,
  userIds: readonly UserId[],
  timeoutMs: number,
  reader: KeyReader,
): Promise<Readonly<Partial<Record<UserId, string>>>> {
  if (userIds.length === 0) return {};
  const queries = userIds.map((userId) => ({ userId, deviceIds: [] }));
  const { master_keys: found } = await queryKeys(deps, queries, timeoutMs, reader);
  const keys = Object.entries(isJsonObject(found) ? found : {});
  return Object.fromEntries(keys.map(([userId, key]) => [userId, JSON.stringify(key)]));
}
