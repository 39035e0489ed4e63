import type { RoomId } from '../../matrix/ids/brands.ts';
import type { DeviceDeps, RoomMoves } from './device-ports.ts';
import { DeviceTracking, type CountedKeys } from './device-tracking.ts';
import { EphemeralBuffer } from './ephemeral.ts';
import { concernOf, type Concern } from './interest.ts';
import type { Interests } from '../interests.ts';
import type { Backlog, EphemeralOffer, PushAnswer, RoomRange, RoomRangeQuery, WaitingRoom } from './ports.ts';
import { ASK_AGAIN_MS, askAgainAfter, noteTrouble, ShardLogs, type ShardLogDeps } from './shard-logs.ts';
import { TransactionBody } from './transaction-body.ts';

/** What is sent, and to whom. */
export interface Recipient {
  /** Of the registration. */
  readonly id: string;
  /** Whether it is not sent what it did itself. */
  readonly dropsEchoes: boolean;
  readonly interests: Interests;
  /** Whether it is told of typing, receipts and presence. */
  readonly receivesEphemeral: boolean;
  /** Whether that is sent by its older name too. */
  readonly knowsOlderEphemeral: boolean;
  /** Whether it is told of device lists, and of keys that its users have left. */
  readonly tracksDevices: boolean;
  /** Whether the room has an alias in the namespace. */
  readonly hasAlias: (roomId: RoomId) => Promise<boolean>;
  /** Never rejects. */
  readonly push: (txnId: string, body: string) => Promise<PushAnswer>;
}

export interface SendingDeps extends ShardLogDeps {
  readonly devices: DeviceDeps;
  /** `undefined`: nothing is sent to it any more. Rejects where that cannot be found out. */
  readonly recipient: () => Promise<Recipient | undefined>;
  /** `undefined`: the room has nothing to say, now or later. */
  readonly readRoom: (query: RoomRangeQuery) => Promise<RoomRange | undefined>;
  /** In [0, 1). */
  readonly random: () => number;
}

/** Why a room did not answer. */
interface Failure {
  readonly failure: string;
}

/** A room and what it answered; where it did not, it is asked again. */
interface ReadRoom {
  readonly room: WaitingRoom;
  /** {@link QueueStore.since} at that time. */
  readonly since: number;
  readonly range: (RoomRange & { readonly concern: Concern; readonly moves?: RoomMoves }) | undefined | Failure;
}

const ROOMS_AT_ONCE = 8;
/** As many as a transaction may hold. */
const MESSAGES_READ = 100;
const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 300_000;
const NOTHING_COUNTED: CountedKeys = { userIds: [], counts: [] };

/**
 * Sends what concerns an application service: one transaction at a time, the same bytes under the same ID until it is
 * taken, each room in order. A cursor over the logs of the shards and the streams of the rooms (contracts, section 2):
 * nobody waits for it, and what waits is where it stands.
 */
export class Transactions {
  readonly #deps: SendingDeps;
  readonly #ephemeral = new EphemeralBuffer();
  readonly #devices: DeviceTracking;
  readonly #logs: ShardLogs;
  #running: Promise<void> | undefined;
  #isAsked = false;
  /** Nothing can be sent before somebody else has done something: what waits stays until it is asked again. */
  #isIdle = false;
  /** What is under way may fail by what has changed since: it is tried anew at once. */
  #isRetried = false;
  /** As far as is known. */
  #tracksDevices = false;

  constructor(deps: SendingDeps) {
    this.#deps = deps;
    this.#devices = new DeviceTracking(deps.devices);
    this.#logs = new ShardLogs(deps, this.#devices);
  }

  /** A shard's log goes up to `head`. Runs in the transaction that is open. */
  heard(shard: string, head: number): void {
    this.#logs.heard(shard, head);
  }

  /** Goes along with the next transaction; lost where the object ends before. */
  offer(offers: readonly EphemeralOffer[], id: string): void {
    for (const offer of offers) this.#ephemeral.offer(offer, id);
  }

  /** Goes on until nothing is left, or something fails: that is in the health then. */
  run(): Promise<void> {
    this.#isAsked = true;
    this.#running ??= this.#runAll();
    return this.#running;
  }

  /** The application service is worth a try now. */
  retry(): Promise<void> {
    const { store, now } = this.#deps;
    const health = store.health();
    if (health.until > now()) store.setHealth({ ...health, until: 0 });
    this.#isRetried = true;
    return this.run();
  }

  /** It says that it has taken a transaction. One that is not under way any more was acknowledged before. */
  async acknowledged(txnId: string): Promise<void> {
    const { store } = this.#deps;
    if (store.outgoing()?.txnId !== txnId) return;
    store.transaction(() => this.#answered({ kind: 'taken' }));
    await this.run();
  }

  /** When {@link run} has to be called again (ms), if ever. */
  next(): number | undefined {
    const { store, now } = this.#deps;
    if (this.#isIdle) return undefined;
    const { until } = store.health();
    if (store.outgoing() !== undefined) return Math.max(until, now() + ASK_AGAIN_MS);
    const messages = store.countMessages() > 0 ? now() : Infinity;
    const logs = this.#logs.next(this.#tracksDevices) ?? Infinity;
    const news = this.#tracksDevices ? (this.#devices.next(now()) ?? Infinity) : Infinity;
    const at = Math.min(messages, logs, news, store.nextRoom() ?? Infinity);
    return at === Infinity ? undefined : Math.max(at, until, now() + ASK_AGAIN_MS);
  }

  backlog(): Backlog {
    return this.#deps.store.backlog();
  }

  async #runAll(): Promise<void> {
    // Begins in a turn of its own, so that `#running` is set before it can end.
    await Promise.resolve();
    try {
      while (this.#isAsked) {
        this.#isAsked = false;
        this.#isRetried = false;
        if (this.#isWaiting()) continue;
        const recipient = await this.#deps.recipient();
        this.#isIdle = recipient === undefined;
        if (recipient === undefined) continue;
        this.#tracksDevices = recipient.tracksDevices;
        while (await this.#step(recipient));
      }
    } catch (error) {
      // D1 does not answer, or what waits cannot be read: neither may end the sending.
      this.#deps.store.transaction(() => this.#failed(String(error)));
    } finally {
      this.#running = undefined;
    }
  }

  #isWaiting(): boolean {
    return this.#deps.store.health().until > this.#deps.now();
  }

  /** @returns whether there may be more to do. */
  async #step(recipient: Recipient): Promise<boolean> {
    const { store } = this.#deps;
    if (this.#isWaiting()) return false;
    const outgoing = store.outgoing();
    if (outgoing === undefined) return this.#collect(recipient);
    const answer = await recipient.push(outgoing.txnId, outgoing.body);
    // Its registration may have ended meanwhile.
    if (store.outgoing()?.txnId !== outgoing.txnId) return false;
    if (answer.kind === 'sent') {
      this.#isIdle = true;
      return false;
    }
    store.transaction(() => this.#answered(answer));
    return answer.kind === 'taken';
  }

  #answered(answer: Exclude<PushAnswer, { readonly kind: 'sent' }>): void {
    const { store, now } = this.#deps;
    if (answer.kind === 'failed') return this.#failed(answer.reason);
    store.taken();
    store.setHealth({ ...store.health(), attempts: 0, until: 0, lastSuccessTs: now() });
  }

  /** Nothing is tried for a while, longer with each failure. Runs in the transaction that is open. */
  #failed(reason: string): void {
    const { store, now, random } = this.#deps;
    const health = store.health();
    const fullMs = Math.min(FIRST_DELAY_MS * 2 ** Math.min(health.attempts, 30), MAX_DELAY_MS);
    const until = this.#isRetried ? 0 : now() + Math.round(fullMs * (0.75 + random() / 4));
    store.setHealth({
      ...health,
      attempts: health.attempts + 1,
      until,
      lastError: reason,
      lastErrorTs: now(),
    });
  }

  /** Looks into what moved, and makes the next transaction of it. */
  async #collect(recipient: Recipient): Promise<boolean> {
    const { store, now } = this.#deps;
    await this.#logs.look(recipient);
    const due = store.roomsDue(now(), ROOMS_AT_ONCE);
    const since = store.since();
    const read = await Promise.all(
      due.map(async (room) => ({ room, since, range: await this.#read(room, since, recipient) })),
    );
    const counted = await this.#newsOfDevices(recipient, read);
    let isMade = false;
    store.transaction(() => {
      const body = new TransactionBody(recipient);
      const upTo = this.#addMessages(body, recipient);
      const add = (text: string) => body.addEphemeral(text);
      // A room that goes on may have later receipts than those that did not fit before.
      if (this.#ephemeral.takePostponed(add)) {
        this.#addRooms(body, read, recipient);
        if (recipient.receivesEphemeral) {
          this.#ephemeral.take(
            now(),
            ({ userId, roomIds }) =>
              (userId !== undefined && recipient.interests.ownsUser(userId)) || store.isOfInterest(roomIds),
            add,
          );
        }
      }
      if (recipient.tracksDevices) body.addDevices(this.#devices.tell(counted), counted.counts);
      // What failed before was the looking, for no transaction is under way.
      const health = store.health();
      if (health.attempts > 0) store.setHealth({ ...health, attempts: 0, until: 0 });
      isMade = this.#keep(body);
      if (upTo !== undefined) store.removeMessages(upTo);
    });
    return due.length > 0 || isMade;
  }

  /** Finds out what has to be asked for of device lists and keys. */
  async #newsOfDevices({ tracksDevices }: Recipient, read: readonly ReadRoom[]): Promise<CountedKeys> {
    const hasMoves = read.some(
      ({ range }) => range !== undefined && 'concern' in range && (range.moves?.came.length ?? 0) > 0,
    );
    if (!tracksDevices || (!hasMoves && !this.#devices.hasNews())) return NOTHING_COUNTED;
    await this.#devices.settle(this.#deps.now());
    return this.#devices.count(hasMoves, this.#deps.now());
  }

  /** @returns whether there was something to keep. Runs in the transaction that is open. */
  #keep(body: TransactionBody): boolean {
    const { store, now } = this.#deps;
    if (body.isEmpty()) return false;
    try {
      store.keep(body.json(), body.events, now());
    } catch {
      // What is told and not kept may not hold up events.
      body.dropEphemeral();
      if (body.isEmpty()) return false;
      store.keep(body.json(), body.events, now());
    }
    return true;
  }

  /** @returns the number of the last message that is in the body, or is wanted no more. */
  #addMessages(body: TransactionBody, { receivesEphemeral }: Recipient): number | undefined {
    let upTo: number | undefined;
    for (const { number, json } of this.#deps.store.messages(MESSAGES_READ)) {
      if (receivesEphemeral && !body.addMessage(json)) break;
      upTo = number;
    }
    return upTo;
  }

  /** Takes rooms, as far as they fit into one transaction. Runs in the transaction that is open. */
  #addRooms(body: TransactionBody, read: readonly ReadRoom[], { interests }: Recipient): void {
    const { store, now } = this.#deps;
    for (const { room, since, range } of read) {
      // All is sent anew, or the room is another one: it is asked again.
      if (since !== store.since() || !isAt(store.room(room.roomId), room)) continue;
      if (range !== undefined && 'failure' in range) {
        this.#postpone(room, range.failure);
      } else if (range === undefined) {
        store.advance(room.roomId, room.epoch, room.target, room.target);
      } else {
        const events = range.concern.events.map(({ event }) => JSON.stringify(event));
        const receipts = range.concern.receipts.map((content) =>
          JSON.stringify({ type: 'm.receipt', room_id: room.roomId, content }),
        );
        // In order of their waiting: no other one overtakes a room that does not fit any more.
        if (!body.isEmpty() && !body.hasPlaceFor(events, receipts)) break;
        body.addEvents(events);
        if (range.moves !== undefined) this.#devices.moved(range.moves, interests);
        for (const receipt of receipts) if (!body.addEphemeral(receipt)) this.#ephemeral.postpone(receipt);
        const end = range.goesOn ? undefined : room.target;
        store.advance(room.roomId, range.epoch, range.to, end, range.concern.isOfInterest);
        if (range.goesOn) store.wait(room.roomId, range.epoch, range.to + 1, now());
      }
    }
  }

  async #read(room: WaitingRoom, since: number, recipient: Recipient): Promise<ReadRoom['range']> {
    const { readRoom } = this.#deps;
    const { roomId, epoch, pos } = room;
    try {
      const { id: appserviceId, interests, hasAlias, dropsEchoes } = recipient;
      const range = await readRoom({ roomId, epoch, from: pos, since, appserviceId });
      if (range === undefined) return undefined;
      const isOwn = interests.hasRoom(roomId);
      const events = dropsEchoes ? range.events.filter(({ isEcho }) => !isEcho) : range.events;
      const concern = concernOf(interests, { ...range, events }, isOwn);
      // Where all of it is sent anyway nobody is asked for the aliases.
      const isAll = concern.isOfInterest && concern.events.length === events.length;
      const isNamed = !isAll && (await hasAlias(roomId));
      const told = isNamed ? concernOf(interests, { ...range, events }, true) : concern;
      if (!recipient.tracksDevices) return { ...range, concern: told };
      return { ...range, concern: told, moves: await this.#devices.movesOf(room, range, told.isOfInterest) };
    } catch (error) {
      return { failure: String(error) };
    }
  }

  /** Others go on. */
  #postpone({ roomId, attempts }: WaitingRoom, reason: string): void {
    const { store, now } = this.#deps;
    store.postpone(roomId, attempts + 1, now() + askAgainAfter(attempts));
    noteTrouble(store, `${roomId} does not answer: ${reason}`, now());
  }
}

const isAt = (held: WaitingRoom | undefined, { epoch, pos }: WaitingRoom): boolean =>
  held?.epoch === epoch && held.pos === pos;
