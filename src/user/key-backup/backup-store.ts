import type { UserId } from '../../matrix/ids/brands.ts';

export interface Backup {
  readonly version: number;
  readonly algorithm: string;
  /** JSON. */
  readonly authData: string;
  /** Of its keys. */
  readonly count: number;
  /** How often its keys changed. */
  readonly etag: number;
}

/** What a room key says of itself, by which the better one of two is told. */
export interface KeyMeta {
  readonly firstMessageIndex: number;
  readonly forwardedCount: number;
  readonly isVerified: boolean;
}

export interface BackedUpKey extends KeyMeta {
  readonly roomId: string;
  readonly sessionId: string;
  /** JSON. */
  readonly sessionData: string;
}

/** Which keys of a backup: all, those of a room, or one. */
export interface KeyScope {
  readonly roomId?: string;
  readonly sessionId?: string;
}

/** Where reading goes on. */
export type KeyPlace = Pick<BackedUpKey, 'roomId' | 'sessionId'>;

/** Backups of room keys of a shard's users. Synchronous. */
export interface BackupStore {
  /** `deleted`: there was one. */
  backup(userId: UserId, version: number): Backup | 'deleted' | undefined;
  /** The newest that is there. */
  current(userId: UserId): Backup | undefined;
  countBackups(userId: UserId): number;
  /** @returns its version. */
  create(userId: UserId, backup: Pick<Backup, 'algorithm' | 'authData'>): number;
  setAuthData(userId: UserId, version: number, authData: string): void;
  setState(userId: UserId, version: number, state: Pick<Backup, 'count' | 'etag'>): void;
  /** With its keys. */
  remove(userId: UserId, version: number): void;
  removeBackupsOf(userId: UserId): void;
  key(userId: UserId, version: number, place: KeyPlace): KeyMeta | undefined;
  putKey(userId: UserId, version: number, key: BackedUpKey): void;
  /** @returns how many there were. */
  removeKeys(userId: UserId, version: number, scope: KeyScope): number;
  /** Behind a place, in order. */
  keys(
    userId: UserId,
    version: number,
    page: KeyScope & { readonly after?: KeyPlace | undefined; readonly limit: number },
  ): readonly BackedUpKey[];
}
