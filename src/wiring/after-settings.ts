import type { Env } from '../config.ts';
import type { ShardClient } from '../durable/user/client.ts';
import { wakeAll } from '../federation/wake-origin.ts';
import type { Settings } from '../settings/settings.ts';
import { shardNames } from '../storage/d1/shard-list.ts';

/** What has to be told that settings changed, since nothing else would wake it. */
export function afterSettings(
  env: Env,
  {
    settings,
    federation,
    shards,
  }: {
    readonly settings: Pick<Settings, 'revision'>;
    readonly federation: Parameters<typeof wakeAll>[0];
    readonly shards: (shard: string) => Pick<ShardClient, 'tourRooms'>;
  },
): (keys: readonly string[]) => Promise<void> {
  const names = shardNames(env.DB);
  return async (keys) => {
    if (keys.some((key) => key.startsWith('federation.'))) await wakeAll(federation);
    if (keys.includes('retention.default_days')) await tour(await names(), shards, settings.revision() ?? 0);
  };
}

/** The first shard that answers goes to all rooms. Throws where none does: those that are idle keep what they have. */
async function tour(
  names: readonly string[],
  shards: (shard: string) => Pick<ShardClient, 'tourRooms'>,
  settingsRevision: number,
): Promise<void> {
  for (const [at, name] of names.entries()) {
    try {
      return await shards(name).tourRooms({ settingsRevision });
    } catch (error) {
      if (at === names.length - 1) throw error;
    }
  }
}
