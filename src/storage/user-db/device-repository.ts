import type { UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { AccountDataRow, Device, DeviceStore, ShardUser, TokenRow } from '../../user/devices/device-store.ts';
import type { Sql } from '../sql.ts';

/** The tables `users`, `devices`, `tokens`, `account_data` and `filters`. */
export class DeviceRepository implements DeviceStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  user(userId: UserId): ShardUser | undefined {
    const [row] = this.#sql
      .exec<{ displayname: string | null; avatar_url: string | null; admin: number }>(
        'select displayname, avatar_url, admin from users where user_id = ?',
        userId,
      )
      .toArray();
    if (row === undefined) return undefined;
    const profile = {
      ...(row.displayname === null ? {} : { displayname: row.displayname }),
      ...(row.avatar_url === null ? {} : { avatar_url: row.avatar_url }),
    };
    return { userId, profile, isAdmin: row.admin === 1 };
  }

  putUser({ userId, profile, isAdmin }: ShardUser): void {
    this.#sql.exec(
      'insert or replace into users (user_id, displayname, avatar_url, admin) values (?, ?, ?, ?)',
      userId,
      profile.displayname ?? null,
      profile.avatar_url ?? null,
      isAdmin ? 1 : 0,
    );
  }

  devices(userId: UserId): readonly Device[] {
    return this.#sql
      .exec<DeviceRow>('select device_id, display_name, last_seen_ts from devices where user_id = ?', userId)
      .toArray()
      .map(readDevice);
  }

  device(userId: UserId, deviceId: string): Device | undefined {
    const [row] = this.#sql
      .exec<DeviceRow>(
        'select device_id, display_name, last_seen_ts from devices where user_id = ? and device_id = ?',
        userId,
        deviceId,
      )
      .toArray();
    return row === undefined ? undefined : readDevice(row);
  }

  putDevice(userId: UserId, device: Device): void {
    this.#sql.exec(
      'insert or replace into devices (user_id, device_id, display_name, last_seen_ts) values (?, ?, ?, ?)',
      userId,
      device.deviceId,
      device.displayName ?? null,
      device.lastSeenTs ?? null,
    );
  }

  removeDevice(userId: UserId, deviceId: string): void {
    this.#sql.exec('delete from devices where user_id = ? and device_id = ?', userId, deviceId);
    this.removeTokensOfDevice(userId, deviceId);
  }

  token(hash: string): TokenRow | undefined {
    const [row] = this.#sql
      .exec<{ kind: string; user_id: string; device_id: string; expires_ts: number | null }>(
        'select kind, user_id, device_id, expires_ts from tokens where hash = ?',
        hash,
      )
      .toArray();
    if (row === undefined) return undefined;
    return {
      hash,
      kind: row.kind === 'refresh' ? 'refresh' : 'access',
      userId: row.user_id as UserId,
      deviceId: row.device_id,
      expiresTs: row.expires_ts ?? undefined,
    };
  }

  putToken({ hash, kind, userId, deviceId, expiresTs }: TokenRow): void {
    this.#sql.exec(
      'insert into tokens (hash, kind, user_id, device_id, expires_ts) values (?, ?, ?, ?, ?)',
      hash,
      kind,
      userId,
      deviceId,
      expiresTs ?? null,
    );
  }

  removeToken(hash: string): void {
    this.#sql.exec('delete from tokens where hash = ?', hash);
  }

  removeTokensOfDevice(userId: UserId, deviceId: string): void {
    this.#sql.exec('delete from tokens where user_id = ? and device_id = ?', userId, deviceId);
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

  addFilter(userId: UserId, definition: string): number {
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

interface DeviceRow extends Record<string, SqlStorageValue> {
  device_id: string;
  display_name: string | null;
  last_seen_ts: number | null;
}

function readDevice(row: DeviceRow): Device {
  return {
    deviceId: row.device_id,
    displayName: row.display_name ?? undefined,
    lastSeenTs: row.last_seen_ts ?? undefined,
  };
}
