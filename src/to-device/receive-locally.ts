import type { Delivery, DeviceMessage, LocalDevices } from './ports.ts';

/**
 * Brings deliveries to the shards of those whom they are for, each shard in their order. Users who are not there are
 * passed over. Rejects where a shard did not take its part; to repeat all of them is harmless.
 */
export async function receiveLocally(
  local: Pick<LocalDevices, 'shardsOf' | 'receive'>,
  deliveries: readonly Delivery[],
): Promise<void> {
  const shardOf = await local.shardsOf(deliveries.flatMap(({ messages }) => messages.map(({ userId }) => userId)));
  const byShard = new Map<string, Delivery[]>();
  for (const delivery of deliveries) {
    const parts = Map.groupBy(delivery.messages, ({ userId }: DeviceMessage) => shardOf.get(userId));
    for (const [shard, messages] of parts) {
      if (shard !== undefined) byShard.set(shard, [...(byShard.get(shard) ?? []), { ...delivery, messages }]);
    }
  }
  await Promise.all([...byShard].map(([shard, parts]) => local.receive(shard, parts)));
}
