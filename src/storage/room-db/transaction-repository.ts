import type { EventId } from '../../matrix/ids/brands.ts';
import type { TransactionKey, TransactionStore } from '../../room/store.ts';
import { askedAtOnce } from '../asked-at-once.ts';
import type { Sql } from '../sql.ts';

/** A transaction ID is repeated within hours, and its event is shown with it within days. */
const KEPT_MS = 7 * 86_400_000;
const PRUNED_AT_ONCE = 10;

/** The table `transactions`. */
export class TransactionRepository implements TransactionStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  find({ scope, path, txnId }: TransactionKey): EventId | undefined {
    const [row] = this.#sql
      .exec<{ id: string }>(
        'select event_id as id from transactions where scope = ? and path = ? and txn_id = ?',
        scope,
        path,
        txnId,
      )
      .toArray();
    return row?.id as EventId | undefined;
  }

  put({ scope, path, txnId }: TransactionKey, eventId: EventId, now: number): void {
    this.#sql.exec(
      'insert into transactions (scope, path, txn_id, event_id, ts) values (?, ?, ?, ?, ?)',
      scope,
      path,
      txnId,
      eventId,
      now,
    );
    this.#sql.exec(
      `delete from transactions where rowid in (select rowid from transactions where ts < ? limit ${PRUNED_AT_ONCE})`,
      now - KEPT_MS,
    );
  }

  ofEvent(scope: string, eventId: EventId): string | undefined {
    const [row] = this.#sql
      .exec<{ txn: string }>('select txn_id as txn from transactions where event_id = ? and scope = ?', eventId, scope)
      .toArray();
    return row?.txn;
  }

  ofEvents(scope: string, eventIds: readonly EventId[]): ReadonlyMap<EventId, string> {
    const found = new Map<EventId, string>();
    for (const ids of askedAtOnce(eventIds)) {
      const rows = this.#sql.exec<{ id: string; txn: string }>(
        `select event_id as id, txn_id as txn from transactions
         where event_id in (select value from json_each(?)) and scope = ?`,
        JSON.stringify(ids),
        scope,
      );
      for (const { id, txn } of rows) found.set(id as EventId, txn);
    }
    return found;
  }

  ofAppservice(appserviceId: string, eventId: EventId): string | undefined {
    return this.#sql
      .exec<{ scope: string; txn: string }>('select scope, txn_id as txn from transactions where event_id = ?', eventId)
      .toArray()
      .find(({ scope }) => scope.startsWith(`${appserviceId} @`))?.txn;
  }
}
