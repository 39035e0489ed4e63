import type { UserId } from '../../matrix/ids/brands.ts';
import type { DeviceOf, KeyStore, NamedKey } from '../../user/keys/key-store.ts';
import type { Sql } from '../sql.ts';

const OF_DEVICE = 'user_id = ? and device_id = ?';

/** The tables `device_keys`, `one_time_keys` and `fallback_keys`. */
export class KeyRepository implements KeyStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  deviceKeys({ userId, deviceId }: DeviceOf): string | undefined {
    return this.#sql
      .exec<{ json: string }>(`select json from device_keys where ${OF_DEVICE}`, userId, deviceId)
      .toArray()[0]?.json;
  }

  putDeviceKeys({ userId, deviceId }: DeviceOf, json: string): void {
    this.#sql.exec(
      'insert or replace into device_keys (user_id, device_id, json) values (?, ?, ?)',
      userId,
      deviceId,
      json,
    );
  }

  deviceKeysOf(userId: UserId): readonly { readonly deviceId: string; readonly json: string }[] {
    return this.#sql
      .exec<{ device_id: string; json: string }>('select device_id, json from device_keys where user_id = ?', userId)
      .toArray()
      .map((row) => ({ deviceId: row.device_id, json: row.json }));
  }

  oneTimeKey({ userId, deviceId }: DeviceOf, algorithm: string, keyId: string): string | null | undefined {
    return this.#sql
      .exec<{ json: string | null }>(
        `select json from one_time_keys where ${OF_DEVICE} and algorithm = ? and key_id = ?`,
        userId,
        deviceId,
        algorithm,
        keyId,
      )
      .toArray()[0]?.json;
  }

  addOneTimeKey({ userId, deviceId }: DeviceOf, { algorithm, keyId, json }: NamedKey, now: number): void {
    this.#sql.exec(
      'insert into one_time_keys (user_id, device_id, algorithm, key_id, uploaded_ts, json) values (?, ?, ?, ?, ?, ?)',
      userId,
      deviceId,
      algorithm,
      keyId,
      now,
      json,
    );
  }

  takeOneTimeKey({ userId, deviceId }: DeviceOf, algorithm: string, now: number): NamedKey | undefined {
    const [row] = this.#sql
      .exec<{ key_id: string; json: string }>(
        `select key_id, json from one_time_keys
          where ${OF_DEVICE} and algorithm = ? and json is not null order by uploaded_ts limit 1`,
        userId,
        deviceId,
        algorithm,
      )
      .toArray();
    if (row === undefined) return undefined;
    this.#sql.exec(
      `update one_time_keys set json = null, claimed_ts = ? where ${OF_DEVICE} and algorithm = ? and key_id = ?`,
      now,
      userId,
      deviceId,
      algorithm,
      row.key_id,
    );
    return { algorithm, keyId: row.key_id, json: row.json };
  }

  usersWithDeviceKeys(): readonly DeviceOf[] {
    return this.#sql
      .exec<{ user_id: string; device_id: string }>(
        'select user_id, min(device_id) as device_id from device_keys group by user_id',
      )
      .toArray()
      .map((row) => ({ userId: row.user_id as UserId, deviceId: row.device_id }));
  }

  usersWithOneTimeKeys(): readonly UserId[] {
    return this.#sql
      .exec<{ user_id: string }>('select distinct user_id from one_time_keys where json is not null')
      .toArray()
      .map((row) => row.user_id as UserId);
  }

  dropOneTimeKeys(now: number): void {
    this.#sql.exec('update one_time_keys set json = null, claimed_ts = ? where json is not null', now);
  }

  countOneTimeKeys({ userId, deviceId }: DeviceOf): Readonly<Record<string, number>> {
    const rows = this.#sql.exec<{ algorithm: string; count: number }>(
      `select algorithm, count(*) as count from one_time_keys
        where ${OF_DEVICE} and json is not null group by algorithm`,
      userId,
      deviceId,
    );
    return Object.fromEntries(rows.toArray().map(({ algorithm, count }) => [algorithm, count]));
  }

  forgetClaimedBefore({ userId, deviceId }: DeviceOf, ts: number): void {
    this.#sql.exec(`delete from one_time_keys where ${OF_DEVICE} and claimed_ts < ?`, userId, deviceId, ts);
  }

  fallbackKey({ userId, deviceId }: DeviceOf, algorithm: string): NamedKey | undefined {
    const [row] = this.#sql
      .exec<{ key_id: string; json: string }>(
        `select key_id, json from fallback_keys where ${OF_DEVICE} and algorithm = ?`,
        userId,
        deviceId,
        algorithm,
      )
      .toArray();
    return row === undefined ? undefined : { algorithm, keyId: row.key_id, json: row.json };
  }

  putFallbackKey({ userId, deviceId }: DeviceOf, { algorithm, keyId, json }: NamedKey): void {
    this.#sql.exec(
      `insert or replace into fallback_keys (user_id, device_id, algorithm, key_id, json, used)
        values (?, ?, ?, ?, ?, 0)`,
      userId,
      deviceId,
      algorithm,
      keyId,
      json,
    );
  }

  markFallbackKeyUsed({ userId, deviceId }: DeviceOf, algorithm: string): void {
    this.#sql.exec(
      `update fallback_keys set used = 1 where ${OF_DEVICE} and algorithm = ?`,
      userId,
      deviceId,
      algorithm,
    );
  }

  unusedFallbackKeys({ userId, deviceId }: DeviceOf): readonly string[] {
    return this.#sql
      .exec<{ algorithm: string }>(
        `select algorithm from fallback_keys where ${OF_DEVICE} and used = 0`,
        userId,
        deviceId,
      )
      .toArray()
      .map(({ algorithm }) => algorithm);
  }

  removeKeys(device: DeviceOf): boolean {
    const hadKeys = this.deviceKeys(device) !== undefined;
    for (const table of ['device_keys', 'one_time_keys', 'fallback_keys']) {
      this.#sql.exec(`delete from ${table} where ${OF_DEVICE}`, device.userId, device.deviceId);
    }
    return hadKeys;
  }
}
