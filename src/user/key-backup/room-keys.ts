import { notFound, tooLarge, wrongRoomKeysVersion } from '../../matrix/error.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { BackedUpKey, Backup, BackupStore, KeyMeta, KeyPlace, KeyScope } from './backup-store.ts';
import { backupOf } from './backups.ts';

export interface InBackup {
  readonly userId: UserId;
  readonly version: number;
}

/** What a client is told of a backup after it changed its keys. */
export type BackupState = Pick<Backup, 'count' | 'etag'>;

/** Of one backup. */
const MAX_KEYS = 500_000;
/** Keys of one piece of an answer. */
const KEYS_AT_ONCE = 200;

/**
 * Keeps keys of sessions, each unless a better one is there. Throws `M_WRONG_ROOM_KEYS_VERSION` for a backup that is
 * not the current one, `M_NOT_FOUND` where there is none, `M_TOO_LARGE`. Source: `PUT /room_keys/keys`.
 */
export function storeRoomKeys(
  store: BackupStore,
  { userId, version, keys }: InBackup & { readonly keys: readonly BackedUpKey[] },
): BackupState {
  const backup = backupOf(store, userId, undefined);
  if (backup.version !== version) {
    throw wrongRoomKeysVersion('This is not the current backup', { current_version: String(backup.version) });
  }
  let { count } = backup;
  let hasChanged = false;
  for (const key of keys) {
    const held = store.key(userId, version, key);
    if (held !== undefined && !isBetter(key, held)) continue;
    store.putKey(userId, version, key);
    if (held === undefined) count += 1;
    hasChanged = true;
  }
  if (count > MAX_KEYS) throw tooLarge(`A backup may have ${MAX_KEYS} keys`);
  return settle(store, { userId, version }, { count, etag: backup.etag + (hasChanged ? 1 : 0) });
}

/** Source: Client-Server API, "Server-side key backups". */
export function isBetter(key: KeyMeta, held: KeyMeta): boolean {
  if (key.isVerified !== held.isVerified) return key.isVerified;
  if (key.firstMessageIndex !== held.firstMessageIndex) return key.firstMessageIndex < held.firstMessageIndex;
  return key.forwardedCount < held.forwardedCount;
}

/** Throws `M_NOT_FOUND` for an unknown backup. Source: `DELETE /room_keys/keys`. */
export function deleteRoomKeys(
  store: BackupStore,
  { userId, version, scope }: InBackup & { readonly scope: KeyScope },
): BackupState {
  const backup = backupOf(store, userId, version);
  const removed = store.removeKeys(userId, version, scope);
  const etag = backup.etag + (removed > 0 ? 1 : 0);
  return settle(store, { userId, version }, { count: backup.count - removed, etag });
}

/** One key, as JSON. Throws `M_NOT_FOUND`. Source: `GET /room_keys/keys/{roomId}/{sessionId}`. */
export function roomKey(store: BackupStore, { userId, version, ...place }: InBackup & KeyPlace): string {
  backupOf(store, userId, version);
  const [key] = store.keys(userId, version, { ...place, limit: 1 });
  if (key === undefined) throw notFound('There is no such key');
  return keyJson(key);
}

/**
 * The body of an answer with all keys, or those of a room, as JSON in pieces: each is read when the one before was taken.
 * Throws `M_NOT_FOUND` at once for an unknown backup. Source: `GET /room_keys/keys`, `GET /room_keys/keys/{roomId}`.
 */
export function roomKeys(
  store: BackupStore,
  { userId, version, roomId }: InBackup & Pick<KeyScope, 'roomId'>,
): Generator<string, void> {
  backupOf(store, userId, version);
  const scope = roomId === undefined ? {} : { roomId };
  return written(keysOf(store, { userId, version }, scope), roomId !== undefined);
}

function* keysOf(
  store: BackupStore,
  { userId, version }: InBackup,
  scope: KeyScope,
): Generator<readonly BackedUpKey[]> {
  let after: KeyPlace | undefined;
  while (true) {
    const keys = store.keys(userId, version, { ...scope, after, limit: KEYS_AT_ONCE });
    if (keys.length > 0) yield keys;
    if (keys.length < KEYS_AT_ONCE) return;
    after = keys.at(-1);
  }
}

function* written(pages: Iterable<readonly BackedUpKey[]>, isOneRoom: boolean): Generator<string, void> {
  let room: string | undefined;
  let text = isOneRoom ? '{"sessions":{' : '{"rooms":{';
  for (const keys of pages) {
    for (const key of keys) {
      const isFirst = room === undefined;
      const isSame = key.roomId === room || (isOneRoom && !isFirst);
      if (isSame) text += ',';
      else if (!isOneRoom) text += `${isFirst ? '' : '}},'}${JSON.stringify(key.roomId)}:{"sessions":{`;
      text += `${JSON.stringify(key.sessionId)}:${keyJson(key)}`;
      room = key.roomId;
    }
    yield text;
    text = '';
  }
  yield `${text}${room === undefined || isOneRoom ? '' : '}}'}}}`;
}

function keyJson({ firstMessageIndex, forwardedCount, isVerified, sessionData }: BackedUpKey): string {
  const meta = { first_message_index: firstMessageIndex, forwarded_count: forwardedCount, is_verified: isVerified };
  return `${JSON.stringify(meta).slice(0, -1)},"session_data":${sessionData}}`;
}

function settle(store: BackupStore, { userId, version }: InBackup, state: BackupState): BackupState {
  store.setState(userId, version, state);
  return state;
}
