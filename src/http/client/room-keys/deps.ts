import type { ShardClient } from '../../../durable/user/client.ts';
import type { RequireUser } from '../from-user.ts';

export interface RoomKeysDeps {
  readonly requireUser: RequireUser;
  readonly shards: (
    shard: string,
  ) => Pick<
    ShardClient,
    | 'createBackup'
    | 'backup'
    | 'changeBackup'
    | 'deleteBackup'
    | 'storeRoomKeys'
    | 'deleteRoomKeys'
    | 'roomKey'
    | 'roomKeys'
  >;
}
