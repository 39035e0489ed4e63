import type { UserId } from '../../matrix/ids/brands.ts';
import type { NewPusher, PusherDeps } from '../../push/set-pusher.ts';
import type { RequireUser } from './from-user.ts';

/** What the endpoints of pushers need. */
export interface PusherRouteDeps extends PusherDeps {
  readonly requireUser: RequireUser;
  readonly shards: (shard: string) => ReturnType<PusherDeps['shards']> & {
    pushers(call: { readonly userId: UserId }): Promise<readonly NewPusher[]>;
  };
}
