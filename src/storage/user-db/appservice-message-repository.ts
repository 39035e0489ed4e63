import type { UserId } from '../../matrix/ids/brands.ts';
import type {
  AppserviceMessage,
  AppserviceMessageStore,
  NumberedMessage,
} from '../../user/inbox/appservice-message-store.ts';
import type { Sql } from '../sql.ts';

/** For one application service. */
const MAX_MESSAGES = 10_000;
const MAX_BYTES = 20_000_000;
/** Of one answer. */
const MAX_PAGE_BYTES = 500_000;

interface Total extends Record<string, SqlStorageValue> {
  number: number;
  count: number;
  bytes: number;
}

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
    const last = this.#end(appserviceId, 'desc') ?? { count: 0, bytes: 0 };
    const [count, bytes] = [last.count + 1, last.bytes + Buffer.byteLength(content)];
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
    for (let first = this.#end(appserviceId, 'asc'); first !== undefined && first.number < number;) {
      if (first.count > count - MAX_MESSAGES && first.bytes > bytes - MAX_BYTES) break;
      this.removeUpTo(appserviceId, first.number);
      first = this.#end(appserviceId, 'asc');
    }
  }

  after(appserviceId: string, number: number, limit: number): readonly NumberedMessage[] {
    const rows = this.#sql.exec<Row>(
      `select number, user_id, device_id, sender, type, content, ts from appservice_messages
       where appservice_id = ? and number > ? order by number limit ?`,
      appserviceId,
      number,
      limit,
    );
    const messages: NumberedMessage[] = [];
    let left = MAX_PAGE_BYTES;
    for (const { user_id: userId, device_id: deviceId, sender, ...row } of rows) {
      left -= Buffer.byteLength(row.content);
      if (left < 0 && messages.length > 0) break;
      messages.push({ ...row, userId: userId as UserId, deviceId, sender: sender as UserId });
    }
    return messages;
  }

  hasUpTo(appserviceId: string, number: number): boolean {
    const rows = this.#sql.exec(
      'select 1 from appservice_messages where appservice_id = ? and number <= ? limit 1',
      appserviceId,
      number,
    );
    return rows.toArray().length > 0;
  }

  removeUpTo(appserviceId: string, number: number): void {
    this.#sql.exec('delete from appservice_messages where appservice_id = ? and number <= ?', appserviceId, number);
  }

  /** The newest message for one, or the oldest, with how many and how much came up to it. */
  #end(appserviceId: string, order: 'asc' | 'desc'): Total | undefined {
    return this.#sql
      .exec<Total>(
        `select number, count, bytes from appservice_messages where appservice_id = ? order by number ${order} limit 1`,
        appserviceId,
      )
      .toArray()[0];
  }
}
