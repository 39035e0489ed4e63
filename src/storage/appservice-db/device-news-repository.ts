import type { DeviceNewsStore, ToldDeviceLists } from '../../appservice/sending/device-ports.ts';
import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { Sql } from '../sql.ts';

/** Rooms of one question: their IDs fit into a value. */
const ROOMS_AT_ONCE = 5_000;

/** The tables `device_list_news` and `key_uses`. */
export class DeviceNewsRepository implements DeviceNewsStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  noteChanged(userIds: readonly UserId[]): void {
    this.#note(userIds, { changed: 1, went: 0 }, 'changed = 1');
  }

  noteCame(userIds: readonly UserId[]): void {
    this.#note(userIds, { changed: 1, went: 0 }, 'changed = 1, went = 0');
  }

  noteWent(userIds: readonly UserId[]): void {
    this.#note(userIds, { changed: 0, went: 1 }, 'went = 1');
  }

  went(limit: number): readonly UserId[] {
    return this.#users('select user_id from device_list_news where went = 1 limit ?', limit);
  }

  settle(stayed: readonly UserId[], left: readonly UserId[]): void {
    const at = 'where went = 1 and user_id in (select value from json_each(?))';
    this.#sql.exec(`update device_list_news set went = 0 ${at}`, JSON.stringify(stayed));
    this.#sql.exec(`update device_list_news set went = 2, changed = 0 ${at}`, JSON.stringify(left));
    this.#sql.exec('delete from device_list_news where changed = 0 and went = 0');
  }

  deviceLists(limit: number): ToldDeviceLists {
    const left = this.#users('select user_id from device_list_news where went = 2 limit ?', limit);
    const changed = this.#users(
      'select user_id from device_list_news where changed = 1 and went < 2 limit ?',
      limit - left.length,
    );
    return { changed, left };
  }

  removeDeviceLists({ changed, left }: ToldDeviceLists): void {
    const told = JSON.stringify([...changed, ...left]);
    this.#sql.exec(
      'delete from device_list_news where went != 1 and user_id in (select value from json_each(?))',
      told,
    );
    this.#sql.exec('update device_list_news set changed = 0 where user_id in (select value from json_each(?))', told);
  }

  noteUses(shard: string, userIds: readonly UserId[]): void {
    if (userIds.length === 0) return;
    this.#sql.exec(
      'insert or replace into key_uses (user_id, shard, is_due) select value, ?1, 1 from json_each(?2)',
      shard,
      JSON.stringify(userIds),
    );
  }

  keyUsers(which: 'due' | 'all', limit: number): readonly { readonly userId: UserId; readonly shard: string }[] {
    return this.#sql
      .exec<{ user_id: string; shard: string }>(
        'select user_id, shard from key_uses where is_due >= ? order by is_due desc limit ?',
        which === 'due' ? 1 : 0,
        limit,
      )
      .toArray()
      .map((row) => ({ userId: row.user_id as UserId, shard: row.shard }));
  }

  counted(having: readonly UserId[], without: readonly UserId[]): void {
    const at = 'where user_id in (select value from json_each(?))';
    this.#sql.exec(`update key_uses set is_due = 0 ${at}`, JSON.stringify(having));
    this.#sql.exec(`delete from key_uses ${at}`, JSON.stringify(without));
  }

  hasNews(): boolean {
    const { has } = this.#sql
      .exec<{ has: number }>(
        `select exists (select 1 from device_list_news)
           or exists (select 1 from key_uses where is_due = 1) as has`,
      )
      .one();
    return has === 1;
  }

  roomsOfInterest(roomIds: readonly RoomId[]): readonly RoomId[] {
    const found: RoomId[] = [];
    for (let at = 0; at < roomIds.length; at += ROOMS_AT_ONCE) {
      const rows = this.#sql.exec<{ room_id: string }>(
        'select room_id from rooms where is_of_interest = 1 and room_id in (select value from json_each(?))',
        JSON.stringify(roomIds.slice(at, at + ROOMS_AT_ONCE)),
      );
      found.push(...rows.toArray().map((row) => row.room_id as RoomId));
    }
    return found;
  }

  #note(userIds: readonly UserId[], row: { readonly changed: number; readonly went: number }, update: string): void {
    if (userIds.length === 0) return;
    this.#sql.exec(
      `insert into device_list_news (user_id, changed, went) select value, ?1, ?2 from json_each(?3) where true
       on conflict (user_id) do update set ${update}`,
      row.changed,
      row.went,
      JSON.stringify(userIds),
    );
  }

  #users(query: string, limit: number): readonly UserId[] {
    return this.#sql
      .exec<{ user_id: string }>(query, limit)
      .toArray()
      .map((row) => row.user_id as UserId);
  }
}
