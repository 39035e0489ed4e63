import type { RoomId } from '../matrix/ids/brands.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';
import { withFields, type EventFields } from './event-fields.ts';
import type { AccountDataEvent, SyncRoomAnswer } from './ports.ts';

/** An answer, and what of its receipts is told. */
export interface ToldRoom {
  readonly answer: SyncRoomAnswer;
  readonly receipts: JsonObject | undefined;
  readonly isEmpty: boolean;
}

type Section = Record<string, JsonObject>;

/** The sections of `rooms`, filled room by room. */
export class Sections {
  readonly #join: Section = {};
  readonly #leave: Section = {};
  readonly #invite: Section = {};
  readonly #knock: Section = {};
  readonly #unreadByThread: boolean;
  readonly #eventFields: EventFields;
  readonly #state: 'state' | 'state_after';
  isOwed = false;

  constructor({
    unreadByThread,
    eventFields,
    useStateAfter,
  }: {
    readonly unreadByThread: boolean;
    readonly eventFields: EventFields;
    readonly useStateAfter: boolean;
  }) {
    this.#unreadByThread = unreadByThread;
    this.#eventFields = eventFields;
    this.#state = useStateAfter ? 'state_after' : 'state';
  }

  /** A room of which the user sees nothing: it is told only that they are out of it. */
  unreadable(section: 'join' | 'leave', roomId: RoomId): void {
    if (section === 'leave') this.#leave[roomId] = this.#emptyRoom();
  }

  room(section: 'join' | 'leave', roomId: RoomId, { answer, receipts, isEmpty }: ToldRoom): void {
    if (answer.owed) this.isOwed = true;
    if (isEmpty && section === 'join') return;
    const events = (list: readonly object[]) => ({
      events: list.map((event) => withFields(event as JsonObject, this.#eventFields)),
    });
    const common = {
      timeline: {
        ...events(answer.timeline),
        limited: answer.limited,
        ...(answer.prevBatch === undefined ? {} : { prev_batch: answer.prevBatch }),
      },
      [this.#state]: events(answer.state),
      account_data: events([]),
    };
    if (section === 'leave') this.#leave[roomId] = common;
    else {
      this.#join[roomId] = {
        ...common,
        ephemeral: events(receipts === undefined ? [] : [{ type: 'm.receipt', content: receipts }]),
        ...this.#unread(answer.unread),
        ...(answer.summary === undefined ? {} : { summary: { ...answer.summary } }),
      };
    }
  }

  #unread({ main, threads }: SyncRoomAnswer['unread']): JsonObject {
    if (this.#unreadByThread) {
      return {
        unread_notifications: { ...main },
        ...(Object.keys(threads).length === 0 ? {} : { unread_thread_notifications: threads as unknown as JsonObject }),
      };
    }
    const all = [main, ...Object.values(threads)];
    return {
      unread_notifications: {
        notification_count: all.reduce((sum, counts) => sum + counts.notification_count, 0),
        highlight_count: all.reduce((sum, counts) => sum + counts.highlight_count, 0),
      },
    };
  }

  stripped(membership: 'invite' | 'knock', roomId: RoomId, events: readonly JsonObject[]): void {
    if (membership === 'invite') this.#invite[roomId] = { invite_state: { events } };
    else this.#knock[roomId] = { knock_state: { events } };
  }

  ephemeral(roomId: RoomId, event: JsonObject): void {
    const room = (this.#join[roomId] ??= this.#emptyRoom());
    const held = room['ephemeral'] as { readonly events?: readonly JsonObject[] } | undefined;
    this.#join[roomId] = { ...room, ephemeral: { events: [...(held?.events ?? []), event] } };
  }

  /** After the rooms: what is not told as left is a room that the user is in. */
  accountData({ roomId, type, content }: AccountDataEvent): void {
    const section = this.#leave[roomId] === undefined ? this.#join : this.#leave;
    const room = (section[roomId] ??= this.#emptyRoom());
    const held = room['account_data'] as { readonly events?: readonly JsonObject[] } | undefined;
    section[roomId] = { ...room, account_data: { events: [...(held?.events ?? []), { type, content }] } };
  }

  #emptyRoom(): JsonObject {
    return { timeline: { events: [], limited: false }, [this.#state]: { events: [] }, account_data: { events: [] } };
  }

  toJson(): JsonObject {
    const sections = { join: this.#join, leave: this.#leave, invite: this.#invite, knock: this.#knock };
    return Object.fromEntries(Object.entries(sections).filter(([, rooms]) => Object.keys(rooms).length > 0));
  }
}
