import type { UserId } from '../../matrix/ids/brands.ts';
import type {
  AppserviceMessage,
  AppserviceMessageStore,
  NumberedMessage,
} from '../../user/inbox/appservice-message-store.ts';
import { behind, firstWithin, removeOldest, type QueueRow } from '../bounded-queue.ts';
import type { Sql } from '../sql.ts';

/** For one application service. */
const MAX_WAITING = { rows: 10_000, bytes: 20_000_000 };
/** Of one answer. */
const MAX_PAGE_BYTES = 500_000;

interface Row extends Record<string, SqlStorageValue> {
  number: number;
  user_id: string;
  device_id: string;
  sender: string;
  type: string;
  content: string;
  ts: number;
}

/** The table `appservice_messages`. */
export class AppserviceMessageRepository implements AppserviceMessageStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  add(appserviceId: string, { userId, deviceId, sender, type, content, ts }: AppserviceMessage): void {
    const { count, bytes } = behind(this.#end(appserviceId, 'desc'), content);
    const { number } = this.#sql
      .exec<{ number: number }>(
        `insert into appservice_messages
           (appservice_id, user_id, device_id, sender, type, content, ts, count, bytes)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?) returning number`,
        appserviceId,
        userId,
        deviceId,
        sender,
        type,
        content,
        ts,
        count,
        bytes,
      )
      .one();
    removeOldest({ seq: number, count, bytes }, MAX_WAITING, {
      first: () => this.#end(appserviceId, 'asc'),
      remove: (upTo) => this.removeUpTo(appserviceId, upTo),
    });
  }

  after(appserviceId: string, number: number, limit: number): readonly NumberedMessage[] {
    const rows = this.#sql.exec<Row>(
      `select number, user_id, device_id, sender, type, content, ts from appservice_messages
       where appservice_id = ? and number > ? order by number limit ?`,
      appserviceId,
      number,
      limit,
    );
    return firstWithin(rows, MAX_PAGE_BYTES, ({ content }) => content).map(
      ({ user_id: userId, device_id: deviceId, sender, ...row }) => ({
        ...row,
        userId: userId as UserId,
        deviceId,
        sender: sender as UserId,
      }),
    );
  }

  countAfter(appserviceId: string, number: number): number {
    return this.#sql
      .exec<{ count: number }>(
        'select count(*) as count from appservice_messages where appservice_id = ? and number > ?',
        appserviceId,
        number,
      )
      .one().count;
  }

  hasUpTo(appserviceId: string, number: number): boolean {
    const rows = this.#sql.exec(
      'select 1 from appservice_messages where appservice_id = ? and number <= ? limit 1',
      appserviceId,
      number,
    );
    return rows.toArray().length > 0;
  }

  removeEnded(registered: readonly string[], before: number): boolean {
    const ended = 'appservice_id not in (select value from json_each(?))';
    const ids = JSON.stringify(registered);
    // By the index alone: the rows may be long.
    const found = this.#sql.exec(`select 1 from appservice_messages where ${ended} limit 1`, ids).toArray();
    if (found.length === 0) return false;
    const rows = this.#sql.exec<{ oldest: number | null; newest: number | null }>(
      `select min(ts) as oldest, max(ts) as newest from appservice_messages where ${ended}`,
      ids,
    );
    const { oldest, newest } = rows.one();
    if (oldest !== null && oldest < before) {
      this.#sql.exec(`delete from appservice_messages where ${ended} and ts < ?`, ids, before);
    }
    return newest !== null && newest >= before;
  }

  removeUpTo(appserviceId: string, number: number): void {
    this.#sql.exec('delete from appservice_messages where appservice_id = ? and number <= ?', appserviceId, number);
  }

  /** The newest message for one, or the oldest, with how many and how much came up to it. */
  #end(appserviceId: string, order: 'asc' | 'desc'): QueueRow | undefined {
    return this.#sql
      .exec<QueueRow>(
        `select number as seq, count, bytes from appservice_messages where appservice_id = ? order by number ${order} limit 1`,
        appserviceId,
      )
      .toArray()[0];
  }
}
