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

/** What is told of a room. */
interface Told {
  /** Fields of a JSON object, as text: what the room said. */
  readonly fields: string;
  readonly accountData: JsonObject[];
  /** `undefined`: left out where there is nothing. */
  ephemeral: JsonObject[] | undefined;
}

type Section = Map<RoomId, Told>;

/** The sections of `rooms`, filled room by room. What rooms gave as text stays text. */
export class Sections {
  readonly #join: Section = new Map();
  readonly #leave: Section = new Map();
  readonly #stripped = { invite: new Map<RoomId, JsonObject>(), knock: new Map<RoomId, JsonObject>() };
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
    if (section === 'leave') this.#leave.set(roomId, this.#emptyRoom());
  }

  room(section: 'join' | 'leave', roomId: RoomId, { answer, receipts, isEmpty }: ToldRoom): void {
    if (answer.owed) this.isOwed = true;
    if (isEmpty && section === 'join') return;
    const { limited, prevBatch, summary } = answer;
    const timeline = fieldsOf({ limited, ...(prevBatch === undefined ? {} : { prev_batch: prevBatch }) });
    const common = `"timeline":{"events":${this.#events(answer.timeline)},${timeline}},"${this.#state}":{"events":${this.#events(answer.state)}}`;
    if (section === 'leave') {
      this.#leave.set(roomId, { fields: common, accountData: [], ephemeral: undefined });
      return;
    }
    const more = fieldsOf({
      ...this.#unread(answer.unread),
      ...(summary === undefined ? {} : { summary: { ...summary } }),
    });
    const ephemeral = receipts === undefined ? [] : [this.#withFields({ type: 'm.receipt', content: receipts })];
    this.#join.set(roomId, { fields: `${common},${more}`, accountData: [], ephemeral });
  }

  /** @param events JSON text of each. @returns that of an array. */
  #events(events: readonly string[]): string {
    const told =
      this.#eventFields === undefined
        ? events
        : events.map((event) => JSON.stringify(this.#withFields(JSON.parse(event) as JsonObject)));
    return `[${told.join(',')}]`;
  }

  #withFields(event: JsonObject): JsonObject {
    return withFields(event, this.#eventFields);
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
    this.#stripped[membership].set(roomId, { events });
  }

  ephemeral(roomId: RoomId, event: JsonObject): void {
    const room = this.#joined(roomId);
    room.ephemeral = [...(room.ephemeral ?? []), event];
  }

  /** After the rooms: what is not told as left is a room that the user is in. */
  accountData({ roomId, type, content }: AccountDataEvent): void {
    const id = roomId as RoomId;
    const room = this.#leave.get(id) ?? this.#joined(id);
    room.accountData.push({ type, content });
  }

  #joined(roomId: RoomId): Told {
    const room = this.#join.get(roomId) ?? this.#emptyRoom();
    this.#join.set(roomId, room);
    return room;
  }

  #emptyRoom(): Told {
    const fields = `"timeline":{"events":[],"limited":false},"${this.#state}":{"events":[]}`;
    return { fields, accountData: [], ephemeral: undefined };
  }

  /** @returns JSON text of an object; `undefined` where there is nothing to tell of any room. */
  toText(): string | undefined {
    const sections = [
      sectionText('join', this.#join, roomText),
      sectionText('leave', this.#leave, roomText),
      sectionText('invite', this.#stripped.invite, (told) => JSON.stringify({ invite_state: told })),
      sectionText('knock', this.#stripped.knock, (told) => JSON.stringify({ knock_state: told })),
    ].filter((text) => text !== undefined);
    return sections.length === 0 ? undefined : `{${sections.join(',')}}`;
  }
}

function sectionText<T>(name: string, rooms: ReadonlyMap<RoomId, T>, textOf: (told: T) => string): string | undefined {
  if (rooms.size === 0) return undefined;
  const texts = Array.from(rooms, ([roomId, told]) => `${JSON.stringify(roomId)}:${textOf(told)}`);
  return `"${name}":{${texts.join(',')}}`;
}

function roomText({ fields, accountData, ephemeral }: Told): string {
  const more = {
    account_data: { events: accountData },
    ...(ephemeral === undefined ? {} : { ephemeral: { events: ephemeral } }),
  };
  return `{${fields},${fieldsOf(more)}}`;
}

/** The fields of an object that has some, as JSON text. */
function fieldsOf(object: JsonObject): string {
  return JSON.stringify(object).slice(1, -1);
}
