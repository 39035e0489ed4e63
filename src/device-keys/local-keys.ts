import type { ServerName, UserId } from '../matrix/ids/brands.ts';
import type { ClaimedKey, KeyClaim, KeyQuery, LocalKeys, PublishedDevices } from './ports.ts';

/** What local users have published; who is unknown is missing. @param asker another server, which asks. */
export async function queryLocalKeys(
  local: LocalKeys,
  queries: readonly KeyQuery[],
  asker?: ServerName,
): Promise<readonly PublishedDevices[]> {
  const byShard = await groupByShard(local, queries);
  return (await Promise.all(byShard.map(([shard, asked]) => local.query(shard, asked, asker)))).flat();
}

/** Takes keys of local users; where there is none, the device is missing. */
export async function claimLocalKeys(local: LocalKeys, claims: readonly KeyClaim[]): Promise<readonly ClaimedKey[]> {
  const byShard = await groupByShard(local, claims);
  return (await Promise.all(byShard.map(([shard, asked]) => local.claim(shard, asked)))).flat();
}

async function groupByShard<T extends { readonly userId: UserId }>(
  local: LocalKeys,
  items: readonly T[],
): Promise<readonly (readonly [shard: string, items: readonly T[]])[]> {
  const found = await Promise.all(items.map(async (item) => ({ item, shard: await local.shardOf(item.userId) })));
  const groups = Map.groupBy(found, ({ shard }) => shard);
  return [...groups].flatMap(([shard, members]) =>
    shard === undefined ? [] : [[shard, members.map(({ item }) => item)] as const],
  );
}
