import type { EventId, UserId } from '../../matrix/ids/brands.ts';
import type { ReceiptRow, ReceiptStore } from '../../room/store.ts';
import type { Sql } from '../sql.ts';

interface Row extends Record<string, SqlStorageValue> {
  user_id: string;
  type: string;
  thread_id: string;
  event_id: string;
  ts: number;
  appservice: string | null;
}

const COLUMNS = 'user_id, type, thread_id, event_id, ts, appservice';

/** The table `receipts`. */
export class ReceiptRepository implements ReceiptStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  changedBetween(from: number, to: number): readonly ReceiptRow[] {
    return this.#sql
      .exec<Row>(`select ${COLUMNS} from receipts where pos > ? and pos <= ? order by pos`, from, to)
      .toArray()
      .map(readRow);
  }

  of(userId: UserId): readonly ReceiptRow[] {
    return this.#sql.exec<Row>(`select ${COLUMNS} from receipts where user_id = ?`, userId).toArray().map(readRow);
  }

  put(row: ReceiptRow, pos: number): void {
    this.#sql.exec(
      `insert or replace into receipts (${COLUMNS}, pos) values (?, ?, ?, ?, ?, ?, ?)`,
      row.userId,
      row.type,
      row.threadId,
      row.eventId,
      row.ts,
      row.appservice ?? null,
      pos,
    );
  }
}

function readRow(row: Row): ReceiptRow {
  return {
    userId: row.user_id as UserId,
    type: row.type,
    threadId: row.thread_id,
    eventId: row.event_id as EventId,
    ts: row.ts,
    appservice: row.appservice ?? undefined,
  };
}
