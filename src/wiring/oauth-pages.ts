import type { ShardClient } from '../durable/user/client.ts';
import type { OAuthRoutesDeps } from '../http/oauth/deps.ts';

/** Meets what the pages of the OAuth 2.0 API do with a user. */
export function oauthPagesOf(
  shards: (shard: string) => ShardClient,
): Pick<OAuthRoutesDeps, 'devices' | 'endDevice' | 'displayname' | 'setDisplayname'> {
  return {
    devices: ({ userId, shard }) => shards(shard).devices({ userId }),
    endDevice: ({ userId, shard }, deviceId) => shards(shard).removeDevices({ userId, deviceIds: [deviceId] }),
    displayname: async ({ userId, shard }) => (await shards(shard).profile({ userId })).displayname,
    setDisplayname: async ({ userId, shard }, value) => {
      await shards(shard).setProfile({ userId, field: 'displayname', value });
      // The shard tells the other rooms, or all of them where this fails.
      await shards(shard)
        .runRoomJobs({ userId })
        .catch(() => {});
    },
  };
}
