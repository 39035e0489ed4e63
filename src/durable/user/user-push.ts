import type { UserId } from '../../matrix/ids/brands.ts';
import { readSettings, type ReadSettings } from '../../user/account-data/read-settings.ts';
import type { MovedRoom } from '../../user/progress/store.ts';
import type { UserPushRpc } from './rpc.ts';
import { UserKeys } from './user-keys.ts';

const NO_ROOMS: ReadSettings & { readonly rooms: readonly MovedRoom[] } = { rooms: [], ignoredUsers: [] };

/** What users are notified of. */
export abstract class UserPush extends UserKeys implements UserPushRpc {
  async notificationRooms({ userId, limit }: { readonly userId: UserId; readonly limit: number }) {
    return this.read(NO_ROOMS, () => ({
      rooms: this.progress.roomsByMove(userId, limit),
      ...readSettings(this.people, userId),
    }));
  }
}
