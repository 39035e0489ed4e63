import { KeyBackupRepository } from '../../storage/user-db/key-backup-repository.ts';
import { notFound } from '../../matrix/error.ts';
import { backupOf, changeBackup, createBackup, deleteBackup } from '../../user/key-backup/backups.ts';
import { deleteRoomKeys, roomKey, roomKeys, storeRoomKeys } from '../../user/key-backup/room-keys.ts';
import { answer, type RpcResult } from '../call.ts';
import { textStream } from '../text-stream.ts';
import type { UserKeyBackupRpc } from './keys-rpc.ts';
import { UserKeys } from './user-keys.ts';

/** Encrypted copies of room keys, which users keep here. */
export abstract class UserKeyBackup extends UserKeys implements UserKeyBackupRpc {
  protected readonly backups = new KeyBackupRepository(this.ctx.storage.sql);

  async createBackup(call: Parameters<UserKeyBackupRpc['createBackup']>[0]) {
    return this.write(call, () => createBackup(this.backups, call));
  }

  async backup({ userId, version }: Parameters<UserKeyBackupRpc['backup']>[0]) {
    return this.#find(() => backupOf(this.backups, userId, version));
  }

  async changeBackup(call: Parameters<UserKeyBackupRpc['changeBackup']>[0]) {
    return this.write(call, () => changeBackup(this.backups, call));
  }

  async deleteBackup(call: Parameters<UserKeyBackupRpc['deleteBackup']>[0]) {
    return this.write(call, () => deleteBackup(this.backups, call.userId, call.version));
  }

  async storeRoomKeys(call: Parameters<UserKeyBackupRpc['storeRoomKeys']>[0]) {
    return this.write(call, () => storeRoomKeys(this.backups, call));
  }

  async deleteRoomKeys(call: Parameters<UserKeyBackupRpc['deleteRoomKeys']>[0]) {
    return this.write(call, () => deleteRoomKeys(this.backups, call));
  }

  async roomKey(call: Parameters<UserKeyBackupRpc['roomKey']>[0]) {
    return this.#find(() => roomKey(this.backups, call));
  }

  async roomKeys(call: Parameters<UserKeyBackupRpc['roomKeys']>[0]) {
    return this.#find(() => textStream(roomKeys(this.backups, call)));
  }

  #find<T>(work: () => T): RpcResult<T> {
    return answer(() => {
      if (!this.isBorn()) throw notFound('There is no such backup');
      return work();
    });
  }
}
