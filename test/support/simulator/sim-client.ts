import { MatrixError } from '../../../src/matrix/error.ts';
import { stateTuple, type StateTuple } from '../../../src/matrix/event/state-map.ts';
import type { EventId, RoomId, UserId } from '../../../src/matrix/ids/brands.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/matrix/json/json-value.ts';
import { sightOf } from '../../../src/room/read/sight.ts';
import { readSyncFilter } from '../../../src/sync/sync-filter.ts';
import { sync } from '../../../src/sync/sync.ts';
import { parseSyncToken } from '../../../src/sync/token.ts';
import type { Random } from './random.ts';
import { SimHistory, type Gap } from './sim-history.ts';
import type { SimServer } from './sim-server.ts';

const EPOCH = '1';

interface RoomView {
  readonly state: Map<StateTuple, EventId>;
  readonly timeline: (EventId | Gap)[];
  section: 'join' | 'leave';
}

interface View {
  token: string | undefined;
  readonly rooms: Map<RoomId, RoomView>;
}

/**
 * A client that folds what /sync tells it, as clients do: `state`, then `timeline`. It loses answers and repeats with
 * the old token, and now and then goes on from an older token with what it knew then.
 */
export class SimClient {
  readonly userId: UserId;
  readonly server: SimServer;
  readonly #random: Random;
  readonly #fault: (what: string) => void;
  readonly #history: SimHistory;
  readonly #older: View[] = [];
  #view: View = { token: undefined, rooms: new Map() };
  #isSyncing = false;
  syncs = 0;

  constructor(userId: UserId, server: SimServer, random: Random, fault: (what: string) => void) {
    this.userId = userId;
    this.server = server;
    this.#random = random;
    this.#fault = (what) => fault(`client ${userId}: ${what}`);
    this.#history = new SimHistory(userId, server, this.#fault);
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
    const body = await sync(
      {
        shard: {
          plan: async ({ owedSince, presence: _shown, ...query }) => ({
            ...(await shard.syncPlan({ ...query, ...(owedSince === undefined ? {} : { owedSince }) })),
            accountData: [],
            presence: [],
            toDevice: [],
            keys: { oneTimeKeys: {}, unusedFallbackKeys: [] },
            ignoredUsers: [],
          }),
          wait: async () => undefined,
          keyCounts: async () => ({ oneTimeKeys: {}, unusedFallbackKeys: [] }),
        },
        rooms,
        deviceLists: { moves: async () => ({ came: [], went: [] }), stillSharing: async () => new Set() },
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
        tellsToDevice: false,
        filter: { ...readSyncFilter({}), timelineLimit: limit },
      },
    );
    return JSON.parse(body) as JsonObject;
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
    await this.#history.check(roomId, this.#view.rooms.get(roomId)?.timeline);
  }

  /** Reads a page, and fills holes by that, as users do. */
  async lookBack(roomId: RoomId): Promise<void> {
    try {
      await this.#history.page(roomId, undefined, () => this.#random.chance(0.1));
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
