import type { EventId } from '../../matrix/ids/brands.ts';
import type { ExtremityStore, HistoryKey } from '../../room/store.ts';
import type { Sql } from '../sql.ts';

/** The tables `forward_extremities` and `backward_extremities`. */
export class ExtremityRepository implements ExtremityStore {
  readonly #sql: Sql;
  #forward: readonly EventId[] | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  forget(): void {
    this.#forward = undefined;
  }

  forward(): readonly EventId[] {
    this.#forward ??= this.#sql
      .exec<{ id: string }>(
        `select f.event_id as id from forward_extremities f left join events e on e.event_id = f.event_id
         order by e.pos desc, f.event_id`,
      )
      .toArray()
      .map(({ id }) => id as EventId);
    return this.#forward;
  }

  addForward(eventId: EventId): void {
    this.#sql.exec('insert or ignore into forward_extremities (event_id) values (?)', eventId);
    this.#forward =
      this.#forward === undefined ? undefined : [eventId, ...this.#forward.filter((id) => id !== eventId)];
  }

  removeForward(eventId: EventId): void {
    this.#sql.exec('delete from forward_extremities where event_id = ?', eventId);
    this.#forward = this.#forward?.filter((id) => id !== eventId);
  }

  addBackward(missing: EventId, child: EventId): void {
    this.#sql.exec(
      'insert or ignore into backward_extremities (event_id, child_event_id) values (?, ?)',
      missing,
      child,
    );
  }

  removeBackward(missing: EventId): void {
    this.#sql.exec('delete from backward_extremities where event_id = ?', missing);
  }

  backward(from: HistoryKey, limit: number): readonly { readonly missing: EventId; readonly child: EventId }[] {
    return this.#sql
      .exec<{ missing: string; child: string }>(
        `select b.event_id as missing, b.child_event_id as child from backward_extremities b
         join events e on e.event_id = b.child_event_id
         where (e.anchor, e.sub) <= (?, ?) order by e.anchor desc, e.sub desc limit ?`,
        from.anchor,
        from.sub,
        limit,
      )
      .toArray()
      .map(({ missing, child }) => ({ missing: missing as EventId, child: child as EventId }));
  }
}
