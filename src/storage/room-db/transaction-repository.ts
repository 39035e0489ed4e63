import type { EventId } from '../../matrix/ids/brands.ts';
import type { TransactionKey, TransactionStore } from '../../room/store.ts';
import type { Sql } from '../sql.ts';

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
  }

  ofEvent(scope: string, eventId: EventId): string | undefined {
    const [row] = this.#sql
      .exec<{ txn: string }>('select txn_id as txn from transactions where event_id = ? and scope = ?', eventId, scope)
      .toArray();
    return row?.txn;
  }
}
