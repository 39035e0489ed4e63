import type { FoundUser } from '../../matrix/discovery/user-match.ts';
import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { AccountDataRow, Device, DeviceStore, ShardUser, TokenRow } from '../../user/devices/device-store.ts';
import type { Sql } from '../sql.ts';

const DEVICE = 'device_id, display_name, last_seen_ts, last_seen_ip, client_id, by_appservice';
const USER = 'displayname, avatar_url, admin, deactivated, locked, suspended, guest';
const TOKEN = 'kind, user_id, device_id, expires_ts, parent, redeemed_ts';

/** The tables `users`, `password_tries`, `devices`, `tokens`, `account_data` and `filters`. */
export class DeviceRepository implements DeviceStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  user(userId: UserId): ShardUser | undefined {
    const [row] = this.#sql.exec<UserRow>(`select ${USER} from users where user_id = ?`, userId).toArray();
    if (row === undefined) return undefined;
    return {
      userId,
      profile: {
        ...(row.displayname === null ? {} : { displayname: row.displayname }),
        ...(row.avatar_url === null ? {} : { avatar_url: row.avatar_url }),
      },
      isAdmin: row.admin === 1,
      isDeactivated: row.deactivated === 1,
      isLocked: row.locked === 1,
      isSuspended: row.suspended === 1,
      isGuest: row.guest === 1,
    };
  }

  *profiles(): Generator<FoundUser> {
    const rows = this.#sql.exec<{ id: string; name: string | null; avatar: string | null }>(
      'select user_id as id, displayname as name, avatar_url as avatar from users where deactivated = 0 and guest = 0',
    );
    for (const { id, name, avatar } of rows) {
      yield {
        user_id: id,
        ...(name === null ? {} : { display_name: name }),
        ...(avatar === null ? {} : { avatar_url: avatar }),
      };
    }
  }

  putUser({ userId, profile, isAdmin, isDeactivated, isLocked, isSuspended, isGuest }: ShardUser): void {
    this.#sql.exec(
      `insert or replace into users (user_id, ${USER}) values (?, ?, ?, ?, ?, ?, ?, ?)`,
      userId,
      profile.displayname ?? null,
      profile.avatar_url ?? null,
      isAdmin ? 1 : 0,
      isDeactivated ? 1 : 0,
      isLocked ? 1 : 0,
      isSuspended ? 1 : 0,
      isGuest ? 1 : 0,
    );
  }

  devices(userId: UserId): readonly Device[] {
    return this.#sql
      .exec<DeviceRow>(`select ${DEVICE} from devices where user_id = ?`, userId)
      .toArray()
      .map(readDevice);
  }

  device(userId: UserId, deviceId: string): Device | undefined {
    const [row] = this.#sql
      .exec<DeviceRow>(`select ${DEVICE} from devices where user_id = ? and device_id = ?`, userId, deviceId)
      .toArray();
    return row === undefined ? undefined : readDevice(row);
  }

  putDevice(userId: UserId, device: Device): void {
    this.#sql.exec(
      `insert or replace into devices (user_id, ${DEVICE}) values (?, ?, ?, ?, ?, ?, ?)`,
      userId,
      device.deviceId,
      device.displayName ?? null,
      device.lastSeenTs ?? null,
      device.lastSeenIp ?? null,
      device.clientId ?? null,
      device.byAppservice === undefined ? null : Number(device.byAppservice),
    );
  }

  removeDevice(userId: UserId, deviceId: string): void {
    this.#sql.exec('delete from devices where user_id = ? and device_id = ?', userId, deviceId);
    this.removeTokensOfDevice(userId, deviceId);
  }

  token(hash: string): TokenRow | undefined {
    const [row] = this.#sql.exec<TokenColumns>(`select ${TOKEN} from tokens where hash = ?`, hash).toArray();
    if (row === undefined) return undefined;
    return {
      hash,
      kind: row.kind === 'refresh' || row.kind === 'spent' ? row.kind : 'access',
      userId: row.user_id as UserId,
      deviceId: row.device_id,
      expiresTs: row.expires_ts ?? undefined,
      parent: row.parent ?? undefined,
      redeemedTs: row.redeemed_ts ?? undefined,
    };
  }

  putToken({ hash, kind, userId, deviceId, expiresTs, parent, redeemedTs }: TokenRow): void {
    this.#sql.exec(
      `insert or replace into tokens (hash, ${TOKEN}) values (?, ?, ?, ?, ?, ?, ?)`,
      hash,
      kind,
      userId,
      deviceId,
      expiresTs ?? null,
      parent ?? null,
      redeemedTs ?? null,
    );
  }

  removeToken(hash: string): void {
    this.#sql.exec('delete from tokens where hash = ?', hash);
  }

  removeSpentTokens({ userId, deviceId }: Pick<TokenRow, 'userId' | 'deviceId'>, now: number): void {
    this.#sql.exec(
      `delete from tokens where user_id = ? and device_id = ? and kind = 'spent' and expires_ts <= ?`,
      userId,
      deviceId,
      now,
    );
  }

  removeTokensOfDevice(userId: UserId, deviceId: string): void {
    this.#sql.exec('delete from tokens where user_id = ? and device_id = ?', userId, deviceId);
  }

  removeTokensOfParent({ userId, deviceId, hash }: TokenRow): void {
    this.#sql.exec('delete from tokens where user_id = ? and device_id = ? and parent = ?', userId, deviceId, hash);
  }

  clearParent({ userId, deviceId, parent }: TokenRow): void {
    this.#sql.exec(
      'update tokens set parent = null where user_id = ? and device_id = ? and parent = ?',
      userId,
      deviceId,
      parent ?? null,
    );
  }

  endOtherAccessTokens({ userId, deviceId, hash }: TokenRow, now: number, forgetBefore: number): void {
    const others = `kind = 'access' and user_id = ? and device_id = ? and hash != ?`;
    this.#sql.exec(`delete from tokens where ${others} and expires_ts < ?`, userId, deviceId, hash, forgetBefore);
    this.#sql.exec(
      `update tokens set expires_ts = ? where ${others} and (expires_ts is null or expires_ts > ?)`,
      now,
      userId,
      deviceId,
      hash,
      now,
    );
  }

  triesFreeAt(userId: UserId): number | undefined {
    return this.#sql
      .exec<{ free_at: number }>('select free_at from password_tries where user_id = ?', userId)
      .toArray()[0]?.free_at;
  }

  putTriesFreeAt(userId: UserId, freeAt: number): void {
    this.#sql.exec('insert or replace into password_tries (user_id, free_at) values (?, ?)', userId, freeAt);
  }

  clearTries(userId: UserId): void {
    this.#sql.exec('delete from password_tries where user_id = ?', userId);
  }

  removeDataOf(userId: UserId): void {
    this.#sql.exec('delete from account_data where user_id = ?', userId);
    this.#sql.exec('delete from filters where user_id = ?', userId);
  }

  accountData(userId: UserId, roomId: string, type: string): AccountDataRow | undefined {
    return this.#accountData('user_id = ? and room_id = ? and type = ?', userId, roomId, type)[0];
  }

  putAccountData(userId: UserId, { roomId, type, content, seq }: AccountDataRow): void {
    this.#sql.exec(
      'insert or replace into account_data (user_id, room_id, type, content, seq) values (?, ?, ?, ?, ?)',
      userId,
      roomId,
      type,
      JSON.stringify(content),
      seq,
    );
  }

  accountDataAfter(userId: UserId, seq: number): readonly AccountDataRow[] {
    return this.#accountData('user_id = ? and seq > ? order by seq', userId, seq);
  }

  accountDataOf(userId: UserId, type: string): readonly AccountDataRow[] {
    return this.#accountData('user_id = ? and type = ?', userId, type);
  }

  accountDataIn(userId: UserId, roomId: RoomId): readonly AccountDataRow[] {
    return this.#accountData('user_id = ? and room_id = ? order by seq', userId, roomId);
  }

  addFilter(userId: UserId, definition: string): number {
    const [held] = this.#sql
      .exec<{ id: number }>(
        'select filter_id as id from filters where user_id = ? and definition = ?',
        userId,
        definition,
      )
      .toArray();
    if (held !== undefined) return held.id;
    const { id } = this.#sql
      .exec<{ id: number }>('select coalesce(max(filter_id), 0) + 1 as id from filters where user_id = ?', userId)
      .one();
    this.#sql.exec('insert into filters (user_id, filter_id, definition) values (?, ?, ?)', userId, id, definition);
    return id;
  }

  filter(userId: UserId, filterId: number): string | undefined {
    return this.#sql
      .exec<{ definition: string }>(
        'select definition from filters where user_id = ? and filter_id = ?',
        userId,
        filterId,
      )
      .toArray()[0]?.definition;
  }

  #accountData(where: string, ...bindings: (string | number)[]): readonly AccountDataRow[] {
    return this.#sql
      .exec<{ room_id: string; type: string; content: string; seq: number }>(
        `select room_id, type, content, seq from account_data where ${where}`,
        ...bindings,
      )
      .toArray()
      .map((row) => ({
        roomId: row.room_id,
        type: row.type,
        content: JSON.parse(row.content) as JsonObject,
        seq: row.seq,
      }));
  }
}

interface TokenColumns extends Record<string, SqlStorageValue> {
  kind: string;
  user_id: string;
  device_id: string;
  expires_ts: number | null;
  parent: string | null;
  redeemed_ts: number | null;
}

interface DeviceRow extends Record<string, SqlStorageValue> {
  device_id: string;
  display_name: string | null;
  last_seen_ts: number | null;
  last_seen_ip: string | null;
  client_id: string | null;
}

interface UserRow extends Record<string, SqlStorageValue> {
  displayname: string | null;
  avatar_url: string | null;
  admin: number;
  deactivated: number;
  locked: number;
  suspended: number;
  guest: number;
}

function readDevice(row: DeviceRow): Device {
  return {
    deviceId: row.device_id,
    displayName: row.display_name ?? undefined,
    lastSeenTs: row.last_seen_ts ?? undefined,
    lastSeenIp: row.last_seen_ip ?? undefined,
    clientId: row.client_id ?? undefined,
    byAppservice: row.by_appservice === null ? undefined : row.by_appservice === 1,
  };
}
