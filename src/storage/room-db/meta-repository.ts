import type { EventId, RoomId } from '../../matrix/ids/brands.ts';
import type { Lifecycle, RoomMeta } from '../../room/store.ts';
import type { Sql } from '../sql.ts';

/** The table `meta`. Read once per life of the object, then kept at hand. */
export class MetaRepository implements RoomMeta {
  readonly #sql: Sql;
  #values: Map<string, string> | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  forget(): void {
    this.#values = undefined;
  }

  roomId(): RoomId {
    return this.#need('room_id') as RoomId;
  }

  roomVersion(): string {
    return this.#need('room_version');
  }

  setRoomVersion(version: string): void {
    this.set('room_version', version);
  }

  createEventId(): EventId | undefined {
    return this.get('create_event_id') as EventId | undefined;
  }

  lifecycle(): Lifecycle {
    return (this.get('lifecycle') ?? 'unborn') as Lifecycle;
  }

  setLifecycle(lifecycle: Lifecycle): void {
    this.set('lifecycle', lifecycle);
  }

  epoch(): string {
    return this.#need('epoch');
  }

  dispatchedThrough(): number {
    return Number(this.get('dispatched_through') ?? '0');
  }

  setDispatchedThrough(pos: number): void {
    this.set('dispatched_through', String(pos));
  }

  get(key: string): string | undefined {
    return this.#all().get(key);
  }

  set(key: string, value: string): void {
    this.#sql.exec(
      'insert into meta (key, value) values (?, ?) on conflict (key) do update set value = excluded.value',
      key,
      value,
    );
    this.#all().set(key, value);
  }

  #need(key: string): string {
    const value = this.get(key);
    if (value === undefined) throw new Error(`the room has no ${key}`);
    return value;
  }

  #all(): Map<string, string> {
    this.#values ??= new Map(
      this.#sql
        .exec<{ key: string; value: string }>('select key, value from meta')
        .toArray()
        .map(({ key, value }) => [key, value]),
    );
    return this.#values;
  }
}
