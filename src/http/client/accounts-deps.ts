import type { OAuthDeps } from '../../accounts/oauth/ports.ts';
import type { AccountsDeps } from '../../accounts/ports.ts';
import type { Appservices } from '../../appservice/appservices.ts';
import type { DeviceKeysDeps } from '../../device-keys/ports.ts';
import type { ShardClient } from '../../durable/user/client.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { Limits } from '../middleware/rate-limit.ts';
import type { ToDeviceDeps } from '../../to-device/ports.ts';
import type { TokenCache } from '../middleware/require-user.ts';
import type { RequireUser } from './from-user.ts';

export interface AccountRouteDeps {
  readonly requireUser: RequireUser;
  readonly tokenCache: TokenCache;
  readonly limits: Limits;
  readonly accounts: AccountsDeps;
  readonly oauth: OAuthDeps;
  readonly isDeployment: boolean;
  readonly appservices: Pick<Appservices, 'byToken'>;
  readonly shards: (shard: string) => ShardClient;
  readonly deviceKeys: DeviceKeysDeps;
  readonly toDevice: ToDeviceDeps;
  readonly defaultRoomVersion: () => Promise<string>;
  /** The shard of a user here, whom an application service may make when it is asked. */
  readonly knownUser: (userId: UserId) => Promise<string | undefined>;
  /** A profile of another server's user. Throws `M_NOT_FOUND`, 502. */
  readonly remoteProfile: (userId: UserId) => Promise<JsonObject>;
}
