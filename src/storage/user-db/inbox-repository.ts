import type { UserId } from '../../matrix/ids/brands.ts';
import type { InboxStore, WaitingMessage } from '../../user/inbox/inbox-store.ts';
import type { DeviceOf } from '../../user/keys/key-store.ts';
import { behind, firstWithin, removeOldest, type QueueRow } from '../bounded-queue.ts';
import { limitText, type Sql } from '../sql.ts';

/** Of one device. */
const MAX_WAITING = { rows: 10_000, bytes: 20_000_000 };
/** Of one answer: it may have to fit into a message over a WebSocket. */
const MAX_PAGE_BYTES = 500_000;

/** Who repeats a delivery later than this, or after so many others, is not recognised. */
const REMEMBERED_MS = 7 * 86_400_000;
const MAX_REMEMBERED = 100_000;
/** Two for one that is added drain what is too old. */
const FORGOTTEN_AT_ONCE = 2;

const OF_DEVICE = 'user_id = ? and device_id = ?';

/** The tables `to_device` and `to_device_received`. */
export class InboxRepository implements InboxStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  hasReceived(sender: UserId, messageId: string): boolean {
    const rows = this.#sql.exec(
      'select 1 from to_device_received where sender = ? and message_id = ? limit 1',
      sender,
      messageId,
    );
    return rows.toArray().length > 0;
  }

  noteReceived(sender: UserId, messageId: string, now: number): void {
    const { number } = this.#sql
      .exec<{ number: number }>(
        'insert into to_device_received (sender, message_id, ts) values (?, ?, ?) returning number',
        sender,
        messageId,
        now,
      )
      .one();
    const oldest = this.#sql
      .exec<{ number: number; ts: number }>(
        'select number, ts from to_device_received order by number limit ?',
        FORGOTTEN_AT_ONCE,
      )
      .toArray();
    const forgotten = oldest.filter((row) => row.ts < now - REMEMBERED_MS || row.number <= number - MAX_REMEMBERED);
    for (const row of forgotten) this.#sql.exec('delete from to_device_received where number = ?', row.number);
  }

  add({ userId, deviceId }: DeviceOf, { seq, sender, type, content }: WaitingMessage): void {
    const newest = { seq, ...behind(this.#end({ userId, deviceId }, 'desc'), content) };
    this.#sql.exec(
      `insert into to_device (user_id, device_id, seq, sender, type, content, count, bytes)
       values (?, ?, ?, ?, ?, ?, ?, ?)`,
      userId,
      deviceId,
      seq,
      sender,
      type,
      content,
      newest.count,
      newest.bytes,
    );
    removeOldest(newest, MAX_WAITING, {
      first: () => this.#end({ userId, deviceId }, 'asc'),
      remove: (upTo) => this.removeUpTo({ userId, deviceId }, upTo),
    });
  }

  after({ userId, deviceId }: DeviceOf, seq: number, limit: number): readonly WaitingMessage[] {
    const rows = this.#sql.exec<{ seq: number; sender: string; type: string; content: string }>(
      `select seq, sender, type, content from to_device where ${OF_DEVICE} and seq > ? order by seq limit ${limitText(limit)}`,
      userId,
      deviceId,
      seq,
    );
    return firstWithin(rows, MAX_PAGE_BYTES, ({ content }) => content).map((row) => ({
      ...row,
      sender: row.sender as UserId,
    }));
  }

  hasAfter({ userId, deviceId }: DeviceOf, seq: number): boolean {
    const rows = this.#sql.exec(
      `select 1 from to_device where ${OF_DEVICE} and seq > ? limit 1`,
      userId,
      deviceId,
      seq,
    );
    return rows.toArray().length > 0;
  }

  hasUpTo({ userId, deviceId }: DeviceOf, seq: number): boolean {
    const rows = this.#sql.exec(
      `select 1 from to_device where ${OF_DEVICE} and seq <= ? limit 1`,
      userId,
      deviceId,
      seq,
    );
    return rows.toArray().length > 0;
  }

  removeUpTo({ userId, deviceId }: DeviceOf, seq: number): void {
    this.#sql.exec(`delete from to_device where ${OF_DEVICE} and seq <= ?`, userId, deviceId, seq);
  }

  removeInbox({ userId, deviceId }: DeviceOf): void {
    this.#sql.exec(`delete from to_device where ${OF_DEVICE}`, userId, deviceId);
  }

  /** The newest message of an inbox, or the oldest, with how many and how much came up to it. */
  #end({ userId, deviceId }: DeviceOf, order: 'asc' | 'desc'): QueueRow | undefined {
    return this.#sql
      .exec<QueueRow>(
        `select seq, count, bytes from to_device where ${OF_DEVICE} order by seq ${order} limit 1`,
        userId,
        deviceId,
      )
      .toArray()[0];
  }
}
