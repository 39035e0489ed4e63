import { MatrixError } from '../../../src/matrix/error.ts';
import { isRequired } from '../../../src/matrix/event/required-state.ts';
import { splitStateTuple, stateTuple, type StateTuple } from '../../../src/matrix/event/state-map.ts';
import type { EventId, RoomId, UserId } from '../../../src/matrix/ids/brands.ts';
import { isJsonObject, type JsonObject } from '../../../src/matrix/json/json-value.ts';
import { parsePos } from '../../../src/sync/sliding/pos.ts';
import { readSlidingRequest } from '../../../src/sync/sliding/request.ts';
import { slidingSync } from '../../../src/sync/sliding/sliding-sync.ts';
import type { Random } from './random.ts';
import { textIn } from './sim-client.ts';
import { SimHistory, type Gap } from './sim-history.ts';
import type { SimServer } from './sim-server.ts';

interface RoomView {
  readonly state: Map<StateTuple, EventId>;
  timeline: (EventId | Gap)[];
}

const ALL = { include: [{}] };
const WISHES = [ALL, ALL, { include: [{ type: 'm.room.member' }] }, { include: [{ type: 'm.room.topic' }] }, {}];

/**
 * A client of sliding sync that folds what it is told, and asks for something else each time: other state, more or
 * fewer events, now and then no room at all. It loses answers and repeats with the `pos` that it has.
 */
export class SimSlider {
  readonly userId: UserId;
  readonly server: SimServer;
  readonly #random: Random;
  readonly #fault: (what: string) => void;
  readonly #history: SimHistory;
  readonly #rooms = new Map<RoomId, RoomView>();
  #pos: string | undefined;
  #isSyncing = false;
  answers = 0;

  constructor(userId: UserId, server: SimServer, random: Random, fault: (what: string) => void) {
    this.userId = userId;
    this.server = server;
    this.#random = random;
    this.#fault = (what) => fault(`sliding client ${userId}: ${what}`);
    this.#history = new SimHistory(userId, server, this.#fault);
  }

  /** One request and its answer; in bad weather it asks for anything, and the answer may be lost. */
  async sync(isFair: boolean): Promise<void> {
    if (this.#isSyncing) return;
    this.#isSyncing = true;
    try {
      const list = {
        range: isFair || this.#random.chance(0.8) ? [0, 9] : [5, 9],
        timeline_limit: isFair ? 10 : this.#random.pick([0, 1, 2, 5, 20]),
        required_state: isFair ? ALL : this.#random.pick(WISHES),
      };
      const body = await this.#ask({ lists: { all: list } });
      if (!isFair && this.#random.chance(0.2)) return;
      this.answers += 1;
      this.#fold(body);
      this.#check();
    } finally {
      this.#isSyncing = false;
    }
  }

  async #ask(body: JsonObject): Promise<JsonObject> {
    const { shard, deps } = this.server;
    const rooms = deps.rooms as unknown as Parameters<typeof slidingSync>[0]['rooms'];
    return slidingSync(
      {
        shard: {
          plan: async ({ presence: _shown, request: _request, isFirst: _isFirst, toDevice: _messages, ...query }) => ({
            ...(await shard.slidingPlan(query)),
            toDevice: [],
            keys: { oneTimeKeys: {}, unusedFallbackKeys: [] },
            ignoredUsers: [],
          }),
          commit: (answer) => shard.slidingCommit(answer),
          wait: async () => false,
          joined: async () => [],
        },
        rooms,
        deviceLists: { moves: async () => ({ came: [], went: [] }), stillSharing: async () => new Set() },
        epoch: '1',
        now: () => this.server.now(),
        newId: () => Array.from({ length: 32 }, () => this.#random.below(16).toString(16)).join(''),
      },
      {
        userId: this.userId,
        deviceId: 'D',
        pos: this.#pos === undefined ? undefined : parsePos(this.#pos),
        timeoutMs: 0,
        setPresence: 'offline',
        request: readSlidingRequest(body, this.userId),
        dialect: 'stable',
      },
    );
  }

  #fold(body: JsonObject): void {
    const { rooms } = body;
    this.#pos = textIn(body, 'pos');
    for (const [roomId, json] of Object.entries(isJsonObject(rooms) ? rooms : {})) {
      if (isJsonObject(json) && json['stripped_state'] === undefined) this.#foldRoom(roomId as RoomId, json);
    }
  }

  #foldRoom(roomId: RoomId, json: JsonObject): void {
    const isNew = json['initial'] === true;
    const room = isNew ? undefined : this.#rooms.get(roomId);
    const held: RoomView = room ?? { state: new Map(), timeline: [] };
    if (!isNew && room === undefined && json['membership'] === 'join')
      this.#fault(`${roomId} began without its beginning`);
    this.#rooms.set(roomId, held);
    if (json['expanded_timeline'] === true) held.timeline = [];
    const isGap = isNew || json['limited'] === true || json['expanded_timeline'] === true;
    if (isGap && typeof json['prev_batch'] === 'string') held.timeline.push({ prevBatch: json['prev_batch'] });
    for (const event of listOf(json['timeline'])) {
      const eventId = textIn(event, 'event_id') as EventId;
      if (held.timeline.includes(eventId)) this.#fault(`${eventId} came twice in ${roomId}`);
      held.timeline.push(eventId);
    }
    for (const event of listOf(json['required_state'])) {
      const tuple = stateTuple(textIn(event, 'type'), textIn(event, 'state_key'));
      if (event['event_id'] === undefined) held.state.delete(tuple);
      else held.state.set(tuple, textIn(event, 'event_id') as EventId);
    }
  }

  /** What was folded has to be the state of each room where the client was told it, as far as it wanted that. */
  #check(): void {
    const pos = this.#pos === undefined ? undefined : parsePos(this.#pos);
    if (pos === undefined) return this.#fault(`no pos: ${this.#pos}`);
    for (const [roomId, sent] of this.server.shard.sliding.sentRooms(pos.connection, pos.generation)) {
      if (sent.membership !== 'join') continue;
      const held = this.server.room(roomId).store.state.allAt(sent.pos);
      const folded = this.#rooms.get(roomId)?.state ?? new Map<StateTuple, EventId>();
      for (const tuple of new Set([...held.keys(), ...folded.keys()])) {
        const { type, stateKey } = splitStateTuple(tuple);
        if (!isRequired(sent.required, type, stateKey) || held.get(tuple) === folded.get(tuple)) continue;
        this.#fault(
          `${type} ${stateKey} of ${roomId} at ${sent.pos} is ${held.get(tuple)}, folded ${folded.get(tuple)}`,
        );
      }
    }
  }

  /** Goes on until there is nothing new; then all that was told has to be the visible history, once and in order. */
  async checkEnd(roomIds: readonly RoomId[]): Promise<void> {
    for (let time = 0; time < 3; time += 1) await this.sync(true);
    for (const roomId of roomIds) {
      try {
        await this.#history.check(roomId, this.#rooms.get(roomId)?.timeline);
      } catch (error) {
        if (!(error instanceof MatrixError)) throw error;
        this.#fault(`${roomId}: ${error.message}`);
      }
    }
  }
}

function listOf(value: JsonObject[string] | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as JsonObject[]) : [];
}
