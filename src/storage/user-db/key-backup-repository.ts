import type { UserId } from '../../matrix/ids/brands.ts';
import type {
  BackedUpKey,
  Backup,
  BackupStore,
  KeyMeta,
  KeyPlace,
  KeyScope,
} from '../../user/key-backup/backup-store.ts';
import type { Sql } from '../sql.ts';

interface BackupRow extends Record<string, SqlStorageValue> {
  version: number;
  algorithm: string;
  auth_data: string;
  etag: number;
  count: number;
  deleted: number;
}

interface KeyRow extends Record<string, SqlStorageValue> {
  room_id: string;
  session_id: string;
  first_message_index: number;
  forwarded_count: number;
  is_verified: number;
  session_data: string;
}

const BACKUP = 'select version, algorithm, auth_data, etag, count, deleted from key_backups where user_id = ?';
const OF_BACKUP = 'user_id = ? and version = ?';
const KEY = 'room_id, session_id, first_message_index, forwarded_count, is_verified, session_data';

/** The tables `key_backups` and `backed_up_keys`. */
export class KeyBackupRepository implements BackupStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  backup(userId: UserId, version: number): Backup | 'deleted' | undefined {
    const [row] = this.#sql.exec<BackupRow>(`${BACKUP} and version = ?`, userId, version).toArray();
    if (row === undefined) return undefined;
    return row.deleted === 1 ? 'deleted' : readBackup(row);
  }

  current(userId: UserId): Backup | undefined {
    return this.#sql
      .exec<BackupRow>(`${BACKUP} and deleted = 0 order by version desc limit 1`, userId)
      .toArray()
      .map(readBackup)[0];
  }

  countBackups(userId: UserId): number {
    return this.#sql
      .exec<{ n: number }>('select count(*) as n from key_backups where user_id = ? and deleted = 0', userId)
      .one().n;
  }

  create(userId: UserId, { algorithm, authData }: Pick<Backup, 'algorithm' | 'authData'>): number {
    return this.#sql
      .exec<{ version: number }>(
        `insert into key_backups (user_id, version, algorithm, auth_data, etag, count, deleted)
         select ?1, coalesce(max(version), 0) + 1, ?2, ?3, 0, 0, 0 from key_backups where user_id = ?1
         returning version`,
        userId,
        algorithm,
        authData,
      )
      .one().version;
  }

  setAuthData(userId: UserId, version: number, authData: string): void {
    this.#sql.exec(`update key_backups set auth_data = ? where ${OF_BACKUP}`, authData, userId, version);
  }

  setState(userId: UserId, version: number, { count, etag }: Pick<Backup, 'count' | 'etag'>): void {
    this.#sql.exec(`update key_backups set count = ?, etag = ? where ${OF_BACKUP}`, count, etag, userId, version);
  }

  remove(userId: UserId, version: number): void {
    this.removeKeys(userId, version, {});
    this.#sql.exec(
      `update key_backups set deleted = 1, count = 0, auth_data = '{}' where ${OF_BACKUP}`,
      userId,
      version,
    );
  }

  removeBackupsOf(userId: UserId): void {
    this.#sql.exec('delete from backed_up_keys where user_id = ?', userId);
    this.#sql.exec('delete from key_backups where user_id = ?', userId);
  }

  key(userId: UserId, version: number, { roomId, sessionId }: KeyPlace): KeyMeta | undefined {
    return this.keys(userId, version, { roomId, sessionId, limit: 1 })[0];
  }

  putKey(userId: UserId, version: number, key: BackedUpKey): void {
    this.#sql.exec(
      `insert or replace into backed_up_keys (user_id, version, ${KEY}) values (?, ?, ?, ?, ?, ?, ?, ?)`,
      userId,
      version,
      key.roomId,
      key.sessionId,
      key.firstMessageIndex,
      key.forwardedCount,
      key.isVerified ? 1 : 0,
      key.sessionData,
    );
  }

  removeKeys(userId: UserId, version: number, scope: KeyScope): number {
    const { where, bindings } = scoped(scope);
    const { rows } = this.#sql
      .exec<{ rows: number }>(
        `select count(*) as rows from backed_up_keys where ${OF_BACKUP}${where}`,
        userId,
        version,
        ...bindings,
      )
      .one();
    this.#sql.exec(`delete from backed_up_keys where ${OF_BACKUP}${where}`, userId, version, ...bindings);
    return rows;
  }

  keys(
    userId: UserId,
    version: number,
    { after, limit, ...scope }: Parameters<BackupStore['keys']>[2],
  ): readonly BackedUpKey[] {
    const { where, bindings } = scoped(scope);
    const behind = after === undefined ? [] : [after.roomId, after.sessionId];
    return this.#sql
      .exec<KeyRow>(
        `select ${KEY} from backed_up_keys where ${OF_BACKUP}${where}
           ${after === undefined ? '' : 'and (room_id, session_id) > (?, ?)'} order by room_id, session_id limit ?`,
        userId,
        version,
        ...bindings,
        ...behind,
        limit,
      )
      .toArray()
      .map(readKey);
  }
}

function scoped({ roomId, sessionId }: KeyScope): { readonly where: string; readonly bindings: readonly string[] } {
  if (roomId === undefined) return { where: '', bindings: [] };
  if (sessionId === undefined) return { where: ' and room_id = ?', bindings: [roomId] };
  return { where: ' and room_id = ? and session_id = ?', bindings: [roomId, sessionId] };
}

function readBackup({ version, algorithm, auth_data: authData, etag, count }: BackupRow): Backup {
  return { version, algorithm, authData, etag, count };
}

function readKey(row: KeyRow): BackedUpKey {
  return {
    roomId: row.room_id,
    sessionId: row.session_id,
    firstMessageIndex: row.first_message_index,
    forwardedCount: row.forwarded_count,
    isVerified: row.is_verified === 1,
    sessionData: row.session_data,
  };
}
