import { MatrixError } from '../../../src/matrix/error.ts';
import { stateTuple, type StateTuple } from '../../../src/matrix/event/state-map.ts';
import type { EventId, RoomId, UserId } from '../../../src/matrix/ids/brands.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/matrix/json/json-value.ts';
import { parsePointToken } from '../../../src/room/read/history-point.ts';
import { readOverHoles } from '../../../src/room/read/read-over-holes.ts';
import { sightOf } from '../../../src/room/read/sight.ts';
import type { HistoryKey } from '../../../src/room/store.ts';
import { readSyncFilter } from '../../../src/sync/sync-filter.ts';
import { sync } from '../../../src/sync/sync.ts';
import { parseSyncToken } from '../../../src/sync/token.ts';
import type { Random } from './random.ts';
import type { SimServer } from './sim-server.ts';

const EPOCH = '1';

/** Where the client has to page back from: what lies between here and the entry before is not shown. */
interface Gap {
  readonly prevBatch: string;
}

interface RoomView {
  readonly state: Map<StateTuple, EventId>;
  readonly timeline: (EventId | Gap)[];
  section: 'join' | 'leave';
}

interface View {
  token: string | undefined;
  readonly rooms: Map<RoomId, RoomView>;
}

const isGap = (entry: EventId | Gap): entry is Gap => typeof entry !== 'string';

/**
 * A client that folds what /sync tells it, as clients do: `state`, then `timeline`. It loses answers and repeats with
 * the old token, and now and then goes on from an older token with what it knew then.
 */
export class SimClient {
  readonly userId: UserId;
  readonly server: SimServer;
  readonly #random: Random;
  readonly #fault: (what: string) => void;
  readonly #older: View[] = [];
  #view: View = { token: undefined, rooms: new Map() };
  #isSyncing = false;
  syncs = 0;

  constructor(userId: UserId, server: SimServer, random: Random, fault: (what: string) => void) {
    this.userId = userId;
    this.server = server;
    this.#random = random;
    this.#fault = (what) => fault(`client ${userId}: ${what}`);
  }

  /** One request and its answer; in bad weather the answer may be lost, or an older token used. */
  async sync(isFair: boolean): Promise<void> {
    if (this.#isSyncing) return;
    this.#isSyncing = true;
    try {
      const older = this.#older[this.#random.below(Math.max(1, this.#older.length))];
      if (!isFair && older !== undefined && this.#random.chance(0.1)) this.#view = copyOf(older);
      const { token } = this.#view;
      const limit = isFair ? 10 : this.#random.pick([1, 2, 5, 10]);
      const body = await this.#ask(token, limit);
      this.syncs += 1;
      if (!isFair && this.#random.chance(0.15)) return;
      this.#older.push(copyOf(this.#view));
      if (this.#older.length > 8) this.#older.shift();
      this.#fold(body);
      this.#check(token, body);
    } finally {
      this.#isSyncing = false;
    }
  }

  async #ask(token: string | undefined, limit: number): Promise<JsonObject> {
    const { shard, deps } = this.server;
    const rooms = deps.rooms as unknown as Parameters<typeof sync>[0]['rooms'];
    return sync(
      {
        shard: {
          plan: async ({ owedSince, presence: _shown, ...query }) => ({
            ...(await shard.syncPlan({ ...query, ...(owedSince === undefined ? {} : { owedSince }) })),
            accountData: [],
            presence: [],
            keys: { oneTimeKeys: {}, unusedFallbackKeys: [] },
            ignoredUsers: [],
          }),
          wait: async () => undefined,
          keyCounts: async () => ({ oneTimeKeys: {}, unusedFallbackKeys: [] }),
        },
        rooms,
        epoch: EPOCH,
        now: () => this.server.now(),
      },
      {
        userId: this.userId,
        deviceId: 'D',
        since: token === undefined ? undefined : parseSyncToken(token),
        timeoutMs: 0,
        setPresence: 'offline',
        fullState: false,
        useStateAfter: false,
        filter: { ...readSyncFilter({}), timelineLimit: limit },
      },
    );
  }

  #fold(body: JsonObject): void {
    this.#view.token = textIn(body, 'next_batch');
    for (const section of ['join', 'leave'] as const) {
      for (const [roomId, json] of Object.entries(objectIn(objectIn(body, 'rooms'), section))) {
        if (isJsonObject(json)) this.#foldRoom(roomId as RoomId, section, json);
      }
    }
  }

  #foldRoom(roomId: RoomId, section: 'join' | 'leave', json: JsonObject): void {
    let room = this.#view.rooms.get(roomId);
    const isNew = room === undefined;
    if (room === undefined) {
      room = { state: new Map(), timeline: [], section };
      this.#view.rooms.set(roomId, room);
    }
    // Who comes back is told everything.
    if (room.section === 'leave' && section === 'join') room.state.clear();
    room.section = section;
    const timeline = objectIn(json, 'timeline');
    const prevBatch = timeline['prev_batch'];
    if (typeof prevBatch === 'string' && (isNew || timeline['limited'] === true)) room.timeline.push({ prevBatch });
    foldState(room, eventsIn(json, 'state'));
    for (const event of eventsIn(json, 'timeline')) {
      const eventId = textIn(event, 'event_id') as EventId;
      if (room.timeline.includes(eventId)) this.#fault(`${eventId} came twice in the timelines of ${roomId}`);
      room.timeline.push(eventId);
      foldState(room, [event]);
    }
  }

  /** What was folded has to be the state of the room at the token's position, unless a correction is owed. */
  #check(since: string | undefined, body: JsonObject): void {
    const token = parseSyncToken(textIn(body, 'next_batch'));
    if (token === undefined) return this.#fault(`no token: ${textIn(body, 'next_batch')}`);
    if (token.owedSince !== undefined) return;
    for (const [roomId, room] of this.#view.rooms) {
      if (room.section !== 'join') continue;
      const { store } = this.server.room(roomId);
      const pos = this.server.shard.life.positionAt(roomId, token.seq);
      if (pos === undefined || sightOf(store, this.userId).membershipAt(pos) !== 'join') continue;
      for (const [tuple, eventId] of store.state.allAt(pos)) {
        const folded = room.state.get(tuple);
        if (folded === eventId) continue;
        this.#fault(
          `from ${since} to ${this.#view.token}: ${JSON.stringify(tuple)} of ${roomId} at ${pos} is ${eventId}, folded ${folded}`,
        );
      }
    }
  }

  /** Whether the client has nothing to correct any more. */
  isSettled(): boolean {
    const { token } = this.#view;
    return token !== undefined && parseSyncToken(token)?.owedSince === undefined;
  }

  /** Pages back over every gap: together with the timelines, that has to be the visible history, once and in order. */
  async checkHistory(roomId: RoomId): Promise<void> {
    const visible = await this.#page(roomId, undefined, () => false);
    const room = this.#view.rooms.get(roomId);
    if (room === undefined) return this.#fault(`was never told of ${roomId}`);
    const known = new Set(room.timeline.filter((entry) => !isGap(entry)));
    const whole: EventId[] = [];
    for (const entry of room.timeline) {
      if (!isGap(entry)) {
        whole.push(entry);
        continue;
      }
      const point = parsePointToken(entry.prevBatch);
      if (point === undefined) return this.#fault(`no token: ${entry.prevBatch}`);
      const missed = await this.#page(roomId, point, (id) => known.has(id));
      whole.push(...missed);
      for (const id of missed) known.add(id);
    }
    const lost = visible.filter((id) => !whole.includes(id));
    const extra = whole.filter((id) => !visible.includes(id));
    const folded = room.timeline.map((entry) => (isGap(entry) ? `(${entry.prevBatch})` : entry.slice(0, 7))).join(' ');
    if (lost.length > 0) this.#fault(`never saw ${lost.join(' ')} of ${roomId}; was told ${folded}`);
    if (extra.length > 0)
      this.#fault(`saw ${extra.join(' ')} that is no visible history of ${roomId}; was told ${folded}`);
    if (new Set(whole).size < whole.length) this.#fault(`saw events twice in ${roomId}`);
    else if (lost.length + extra.length === 0 && whole.join() !== visible.join()) {
      this.#fault(`saw ${roomId} in another order:\n   ${whole.join(' ')}\n   ${visible.join(' ')}`);
    }
  }

  /** Pages backwards from a point until `isKnown`; oldest first. */
  async #page(
    roomId: RoomId,
    from: HistoryKey | undefined,
    isKnown: (eventId: EventId) => boolean,
  ): Promise<readonly EventId[]> {
    const { client } = this.server.room(roomId);
    const found: EventId[] = [];
    let point = from;
    for (let pages = 0; pages < 200; pages += 1) {
      const query = {
        roomId,
        userId: this.userId,
        scope: 'D',
        dir: 'b' as const,
        from: point,
        to: undefined,
        limit: 7,
        filter: {},
        lazyLoadMembers: false,
      };
      const page = await readOverHoles(
        (asked: typeof query) => client.readMessages(asked),
        (holes) => this.server.fillHistory(roomId, holes, 20),
        query,
      );
      for (const { event_id: eventId } of page.chunk) {
        if (isKnown(eventId)) return found.toReversed();
        found.push(eventId);
      }
      if (page.end === undefined || page.end === page.start) break;
      point = parsePointToken(page.end);
    }
    return found.toReversed();
  }

  /** Reads a page, and fills holes by that, as users do. */
  async lookBack(roomId: RoomId): Promise<void> {
    try {
      await this.#page(roomId, undefined, () => this.#random.chance(0.1));
    } catch (error) {
      if (!(error instanceof MatrixError)) throw error;
    }
  }
}

function foldState(room: RoomView, events: readonly JsonObject[]): void {
  for (const event of events) {
    const { state_key: stateKey } = event;
    if (typeof stateKey !== 'string') continue;
    room.state.set(stateTuple(textIn(event, 'type'), stateKey), textIn(event, 'event_id') as EventId);
  }
}

export function textIn(json: JsonObject | undefined, field: string): string {
  const value = json?.[field];
  return typeof value === 'string' ? value : '';
}

function objectIn(json: JsonObject, field: string): JsonObject {
  const value: JsonValue | undefined = json[field];
  return isJsonObject(value) ? value : {};
}

function eventsIn(json: JsonObject, field: string): readonly JsonObject[] {
  const { events } = objectIn(json, field);
  return Array.isArray(events) ? (events as JsonObject[]) : [];
}

function copyOf(view: View): View {
  const rooms = [...view.rooms].map(([roomId, { state, timeline, section }]): [RoomId, RoomView] => [
    roomId,
    { state: new Map(state), timeline: [...timeline], section },
  ]);
  return { token: view.token, rooms: new Map(rooms) };
}
