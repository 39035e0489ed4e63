import type { OAuthDeps } from '../../accounts/oauth/ports.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { Device } from '../../user/devices/device-store.ts';
import type { Limits } from '../middleware/rate-limit.ts';
import type { TokenCache } from '../middleware/require-user.ts';

interface UserOfShard {
  readonly userId: UserId;
  readonly shard: string;
}

export interface OAuthRoutesDeps {
  readonly oauth: OAuthDeps;
  readonly limits: Pick<Limits, 'login' | 'guessing' | 'registration' | 'strangers'>;
  readonly tokenCache: TokenCache;
  readonly devices: (user: UserOfShard) => Promise<readonly Device[]>;
  readonly endDevice: (user: UserOfShard, deviceId: string) => Promise<void>;
  readonly displayname: (user: UserOfShard) => Promise<string | undefined>;
  /** @param value `undefined`: none. */
  readonly setDisplayname: (user: UserOfShard, value: string | undefined) => Promise<void>;
  readonly isDeployment: boolean;
}
