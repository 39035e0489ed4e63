import type { UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject, JsonValue } from '../../matrix/json/json-value.ts';
import type { ProfileFieldStore } from '../../user/profile/profile-field-store.ts';
import type { Sql } from '../sql.ts';

/** The table `profile_fields`. */
export class ProfileFieldRepository implements ProfileFieldStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  fields(userId: UserId): JsonObject {
    const rows = this.#sql
      .exec<{ name: string; value: string }>(
        'select name, value from profile_fields where user_id = ? order by name',
        userId,
      )
      .toArray();
    return Object.fromEntries(rows.map(({ name, value }) => [name, JSON.parse(value) as JsonValue]));
  }

  putField(userId: UserId, name: string, value: JsonValue): void {
    this.#sql.exec(
      'insert or replace into profile_fields (user_id, name, value) values (?, ?, ?)',
      userId,
      name,
      JSON.stringify(value),
    );
  }

  removeField(userId: UserId, name: string): void {
    this.#sql.exec('delete from profile_fields where user_id = ? and name = ?', userId, name);
  }

  removeFieldsOf(userId: UserId): void {
    this.#sql.exec('delete from profile_fields where user_id = ?', userId);
  }
}
