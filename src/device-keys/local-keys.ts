import type { ServerName, UserId } from '../matrix/ids/brands.ts';
import type { ClaimedKey, KeyClaim, KeyQuery, LocalKeys, PublishedDevices } from './ports.ts';

/**
 * What local users have published; who is unknown is missing, and who was deactivated has no devices.
 * @param asker another server, which asks.
 */
export async function queryLocalKeys(
  local: LocalKeys,
  queries: readonly KeyQuery[],
  asker?: ServerName,
): Promise<readonly PublishedDevices[]> {
  const { byShard, others } = await groupByShard(local, queries);
  const [found, gone] = await Promise.all([
    Promise.all(byShard.map(([shard, asked]) => local.query(shard, asked, asker))),
    others.length === 0 ? [] : local.deactivatedAmong(others.map(({ userId }) => userId)),
  ]);
  return [...found.flat(), ...gone.map((userId) => ({ userId, streamId: 0, signingKeys: {}, devices: [] }))];
}

/** Takes keys of local users; where there is none, the device is missing. */
export async function claimLocalKeys(local: LocalKeys, claims: readonly KeyClaim[]): Promise<readonly ClaimedKey[]> {
  const { byShard } = await groupByShard(local, claims);
  return (await Promise.all(byShard.map(([shard, asked]) => local.claim(shard, asked)))).flat();
}

async function groupByShard<T extends { readonly userId: UserId }>(
  local: LocalKeys,
  items: readonly T[],
): Promise<{
  readonly byShard: readonly (readonly [shard: string, items: readonly T[]])[];
  /** Of users who are in no shard. */
  readonly others: readonly T[];
}> {
  const shards = await local.shardsOf(items.map(({ userId }) => userId));
  const groups = Map.groupBy(items, ({ userId }) => shards.get(userId));
  const byShard = [...groups].flatMap(([shard, members]) => (shard === undefined ? [] : [[shard, members] as const]));
  return { byShard, others: groups.get(undefined) ?? [] };
}
