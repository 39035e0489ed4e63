import { invalidParam, limitExceeded, notFound } from '../../matrix/error.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { Backup, BackupStore } from './backup-store.ts';

/** More than anybody replaces without deleting. */
const MAX_BACKUPS = 100;

export interface NewBackup {
  readonly userId: UserId;
  readonly algorithm: string;
  /** JSON. */
  readonly authData: string;
}

/** Begins a backup, which takes the place of the one before. Source: `POST /room_keys/version`. */
export function createBackup(store: BackupStore, { userId, ...backup }: NewBackup): number {
  if (store.countBackups(userId) >= MAX_BACKUPS) {
    throw limitExceeded(`You may have ${MAX_BACKUPS} backups`, { retry_after_ms: 3_600_000 });
  }
  return store.create(userId, backup);
}

/** Throws `M_NOT_FOUND`. @param version `undefined`: the current one. */
export function backupOf(store: BackupStore, userId: UserId, version: number | undefined): Backup {
  const backup = version === undefined ? store.current(userId) : store.backup(userId, version);
  if (backup === undefined || backup === 'deleted') throw notFound('There is no such backup');
  return backup;
}

/** Throws `M_NOT_FOUND`, and `M_INVALID_PARAM` for another algorithm. Source: `PUT /room_keys/version/{version}`. */
export function changeBackup(
  store: BackupStore,
  { userId, version, algorithm, authData }: NewBackup & { readonly version: number },
): void {
  const backup = backupOf(store, userId, version);
  if (backup.algorithm !== algorithm) throw invalidParam('The algorithm of a backup stays as it is');
  store.setAuthData(userId, version, authData);
}

/** Once more is no error. Throws `M_NOT_FOUND`. Source: `DELETE /room_keys/version/{version}`. */
export function deleteBackup(store: BackupStore, userId: UserId, version: number): void {
  const backup = store.backup(userId, version);
  if (backup === undefined) throw notFound('There is no such backup');
  if (backup !== 'deleted') store.remove(userId, version);
}
