import type { RoomId } from '../../matrix/ids/brands.ts';
import { deny } from '../../matrix/result.ts';
import type { FederationResult } from '../client.ts';
import { describeFailure, type FederationFailure } from '../failure.ts';
import { reasonOf } from '../http-fetch.ts';
import { backoffDelayMs } from './backoff.ts';
import { EduBuffer, type LatestEdu } from './edu-buffer.ts';
import { OfferQueue } from './offer-queue.ts';
import type { KeptEdu, OfferAnswer, Reachability, RoomCursor, RoomOffer, SenderOptions } from './ports.ts';
import { RoomReader } from './room-reader.ts';
import { standingOf, UP, type Standing } from './standing.ts';
import {
  buildTransaction,
  firstHalf,
  firstHalfOfKept,
  isEmpty,
  MAX_EDUS,
  pduCount,
  toStored,
  type Flight,
  type FlightPart,
} from './transaction.ts';

/** A room waits this long for the server's answer; then a cursor is stored for it. */
const ANSWER_WITHIN_MS = 1_000;
/** When the alarm looks after what a lost instance left behind: later than a transaction may take. */
const LOST_AFTER_MS = 90_000;
/** Rooms that could not be read, or went on offering, are read again after this. */
const READ_AGAIN_MS = 2_000;
const MAX_LIMITED_MS = 3_600_000;
const DENIED_MS = 600_000;
/** How many rooms are remembered to have offered something. */
const MAX_LATEST_ROOMS = 8;

/**
 * Sends what rooms have for one server: in order per room, one transaction at a time, the same until it is confirmed.
 * A room is either *attached* (it offers, and what it offers is in memory only) or has a *cursor* (it is asked). Source:
 * contracts, section 7.
 */
export class Sender {
  readonly #options: SenderOptions;
  readonly #queue = new OfferQueue();
  readonly #edus = new EduBuffer();
  readonly #reader: RoomReader;
  /** What the server has of attached rooms, as far as this instance knows: repeated offers cost nothing. */
  readonly #sentThrough = new Map<RoomId, { readonly epoch: string; readonly pos: number }>();
  /** That offered something, the last one at the end. */
  readonly #latestRooms = new Set<RoomId>();
  #flight: Flight | undefined;
  #running: Promise<void> | undefined;
  #readRoomsNext = false;
  /** The server has refused kept EDUs and PDUs together: the next transaction has the EDUs alone. */
  #sendsKeptAlone = false;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#reader = new RoomReader(options.destination, options.store, options.rooms);
  }

  /** Takes a range of a room. Resolves within about a second; whatever the answer, the range is confirmed. */
  offer(offer: RoomOffer): Promise<OfferAnswer> {
    const { store, after } = this.#options;
    const { roomId, epoch } = offer;
    this.#noteRoom(roomId);
    const known = this.#sentThrough.get(roomId);
    const sentTo = known?.epoch === epoch ? known.pos : offer.from;
    const pdus = offer.pdus.filter(({ pos }) => pos > sentTo);
    if (pdus.length === 0) return Promise.resolve('sent');
    if (store.cursor(roomId) !== undefined || this.isWaiting()) {
      this.#detach(offer);
      return Promise.resolve('detached');
    }
    return new Promise((resolve) => {
      const cancel = after(ANSWER_WITHIN_MS, () => this.#giveUp(roomId));
      this.#queue.add({ ...offer, pdus }, (answer) => {
        cancel();
        resolve(answer);
      });
      this.#start();
    });
  }

  /** Of which the server was last offered something, as far as this instance knows; those that wait for it too. */
  latestRooms(): readonly RoomId[] {
    const waiting = this.#options.store.cursors().map(({ roomId }) => roomId);
    return [...new Set([...[...this.#latestRooms].toReversed(), ...waiting])].slice(0, MAX_LATEST_ROOMS);
  }

  /** Of these rooms those that wait for it, and from where they go on. */
  cursorsOf(roomIds: readonly RoomId[]): readonly RoomCursor[] {
    return roomIds.flatMap((roomId) => this.#options.store.cursor(roomId) ?? []);
  }

  /** How it stands, with so many of the PDUs that the server refuses. */
  standing(refused: number): Standing {
    return standingOf(this.#options.store, refused);
  }

  #noteRoom(roomId: RoomId): void {
    this.#latestRooms.delete(roomId);
    this.#latestRooms.add(roomId);
    const [oldest] = this.#latestRooms;
    if (this.#latestRooms.size > MAX_LATEST_ROOMS && oldest !== undefined) this.#latestRooms.delete(oldest);
  }

  offerEdu(edu: LatestEdu): void {
    this.#edus.add(edu);
    this.#start();
  }

  /** Keeps EDUs until the server has them: durable when this returns, and sent in this order. */
  keepEdus(edus: readonly KeptEdu[]): void {
    const { store, wakeAt, now, lost } = this.#options;
    let dropped = 0;
    store.transaction(() => {
      for (const edu of edus) dropped += store.keptEdus.keep(edu);
      wakeAt(Math.max(store.reachability().until, now() + LOST_AFTER_MS));
    });
    if (dropped > 0) lost(dropped, 'too many wait for the server');
    this.#start();
  }

  /** The server was heard of: it is worth a try now. */
  wake(): void {
    const { store, now } = this.#options;
    const reachability = store.reachability();
    // One that limits us is up, and said how long to wait.
    if (reachability.kind !== 'limited' && reachability.until > now()) {
      store.setReachability({ ...reachability, until: now() });
    }
    this.#start();
  }

  /** Sends until nothing is left or the server fails. @returns when to call this again, if ever. */
  async deliver(): Promise<number | undefined> {
    this.#awaitTurn();
    this.#start();
    await this.#running;
    return this.#nextCall();
  }

  /** The back-off of many servers may have ended at once: while the process did not run, or was busy. */
  #awaitTurn(): void {
    const { store, retries, destination, now } = this.#options;
    const reachability = store.reachability();
    if (reachability.kind !== 'down' || this.#running !== undefined || this.isWaiting()) return;
    const until = retries.turnOf(destination, reachability.until);
    if (until > now()) store.setReachability({ ...reachability, until });
  }

  #nextCall(): number | undefined {
    const { store, now } = this.#options;
    if (!this.#isOwing()) return undefined;
    return Math.max(store.reachability().until, now() + READ_AGAIN_MS);
  }

  /** Whether something that is kept waits for the server. */
  #isOwing(): boolean {
    const { store } = this.#options;
    return store.keptEdus.has() || store.cursors().length > 0;
  }

  /** Whether the server failed lately and nothing is asked of it yet. */
  isWaiting(): boolean {
    return this.#options.now() < this.waitsUntil();
  }

  /** Until when it is left alone (ms). */
  waitsUntil(): number {
    return this.#options.store.reachability().until;
  }

  /** Something else was asked of the server and it did not answer, or is failing: it has one back-off for everything. */
  askedInVain(failure: FederationFailure): void {
    if (this.isWaiting() || !isOutage(failure)) return;
    const { store, wakeAt } = this.#options;
    store.transaction(() => {
      const reachability = this.#after(failure);
      store.setReachability(reachability);
      if (this.#isOwing()) wakeAt(reachability.until);
    });
  }

  /**
   * Something else was asked of the server and it answered: failures of before say nothing of it any more, unless what it
   * did not take still waits for another try.
   */
  askedWell(): void {
    const { store } = this.#options;
    if (this.isWaiting() || store.reachability().kind !== 'down' || store.unconfirmed() !== undefined) return;
    store.setReachability(UP);
  }

  #detach({ roomId, epoch, from }: RoomOffer): void {
    const { store, wakeAt, now } = this.#options;
    store.transaction(() => {
      if (store.cursor(roomId) === undefined) store.putCursor({ roomId, epoch, from });
      wakeAt(Math.max(store.reachability().until, now() + READ_AGAIN_MS));
    });
    this.#reader.noteOffer(roomId);
    this.#start();
  }

  #giveUp(roomId: RoomId): void {
    const { wakeAt, now } = this.#options;
    this.#storeCursors(roomId, () => wakeAt(now() + LOST_AFTER_MS));
  }

  /** Offers of the room, or of all, get a cursor instead, with what else belongs to that; then they are confirmed. */
  #storeCursors(roomId: RoomId | undefined, also: () => void): void {
    const { store } = this.#options;
    const taken = this.#queue.take(roomId);
    store.transaction(() => {
      for (const { cursor } of taken) if (store.cursor(cursor.roomId) === undefined) store.putCursor(cursor);
      also();
    });
    for (const { settle } of taken) settle('taken');
  }

  #start(): void {
    if (this.#running !== undefined || this.isWaiting()) return;
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    const { now, store, wakeAt } = this.#options;
    try {
      while (!this.isWaiting()) {
        this.#flight = await this.#withoutUnwanted(this.#flight ?? (await this.#nextFlight()));
        if (this.#flight === undefined) {
          // Something may have come since the queues were looked at.
          if (this.#queue.size + this.#edus.size === 0 && !store.keptEdus.has()) break;
          continue;
        }
        const flight = this.#flight;
        const result = await this.#send(flight);
        if (result.ok) {
          this.#confirm(flight);
          store.noteSuccess(now());
        } else this.#refused(flight, result.reason);
      }
    } finally {
      this.#running = undefined;
    }
    const next = this.#nextCall();
    if (next !== undefined && store.reachability().until <= now()) wakeAt(next);
  }

  /** Without EDUs another ID is made of it: to repeat its PDUs under that one changes nothing. */
  async #withoutUnwanted(flight: Flight | undefined): Promise<Flight | undefined> {
    if (flight === undefined || flight.edus.length === 0) return flight;
    const edus = await this.#options.wanted(flight.edus).catch(() => []);
    const wanted = { ...flight, edus };
    return isEmpty(wanted) ? undefined : wanted;
  }

  async #send(flight: Flight): Promise<FederationResult<void>> {
    const { send, serverName } = this.#options;
    try {
      return await send(buildTransaction(serverName, flight));
    } catch (error) {
      return deny({ kind: 'unreachable', reason: reasonOf(error) });
    }
  }

  async #nextFlight(): Promise<Flight | undefined> {
    const { store, now } = this.#options;
    const unconfirmed = store.unconfirmed();
    if (unconfirmed !== undefined) {
      const flight = await this.#reader.reread(unconfirmed);
      if (flight.parts.length + flight.kept.length > 0) return flight;
      store.setUnconfirmed(undefined);
    }
    const kept = store.keptEdus.first(MAX_EDUS);
    if (this.#sendsKeptAlone && kept.length > 0) return { parts: [], edus: [], kept, ts: now() };
    const parts = await this.#nextParts();
    const edus = this.#edus.take(now(), MAX_EDUS - kept.length);
    const flight = { parts, edus, kept, ts: now() };
    return isEmpty(flight) ? undefined : flight;
  }

  /** From memory and from the rooms in turn, so that neither waits for the other. */
  async #nextParts(): Promise<readonly FlightPart[]> {
    this.#readRoomsNext = !this.#readRoomsNext;
    if (!this.#readRoomsNext || this.#queue.size === 0) {
      const parts = await this.#reader.read();
      if (parts.length > 0) return parts;
    }
    return this.#queue.peek();
  }

  #confirm(flight: Flight): void {
    const { store } = this.#options;
    this.#flight = undefined;
    store.transaction(() => {
      for (const part of flight.parts) this.#advance(part);
      this.#removeKept(flight);
      if (store.reachability().kind !== 'up') store.setReachability(UP);
      if (store.unconfirmed() !== undefined) store.setUnconfirmed(undefined);
    });
  }

  #removeKept({ kept }: Flight): void {
    const last = kept.at(-1);
    if (last === undefined) return;
    this.#options.store.keptEdus.remove(last.seq);
    this.#sendsKeptAlone = false;
  }

  #advance(part: FlightPart): void {
    const { store } = this.#options;
    const { roomId, epoch, to } = part;
    const cursor = store.cursor(roomId);
    if (cursor === undefined) {
      this.#sentThrough.set(roomId, { epoch, pos: to });
      this.#queue.sent(part);
    } else if (cursor.epoch === epoch && cursor.from < to) store.putCursor({ roomId, epoch, from: to });
  }

  #refused(flight: Flight, failure: FederationFailure): void {
    if (failure.kind !== 'refused' || (failure.status !== 400 && failure.status !== 413)) {
      this.#backOff(flight, failure);
    } else if (flight.edus.length > 0) {
      const others = { ...flight, edus: [] };
      this.#flight = isEmpty(others) ? undefined : others;
    } else if (flight.kept.length > 0) {
      this.#refusedWithKept(flight, failure);
    } else if (pduCount(flight) > 1) {
      this.#flight = firstHalf(flight);
    } else {
      this.#park(flight, describeFailure(failure));
    }
  }

  /** Finds the one that the server refuses, which is lost: what comes after it goes on. */
  #refusedWithKept(flight: Flight, failure: FederationFailure): void {
    if (flight.parts.length > 0) {
      this.#sendsKeptAlone = true;
      this.#flight = { ...flight, kept: [] };
    } else if (flight.kept.length > 1) {
      this.#flight = firstHalfOfKept(flight);
    } else {
      this.#confirm(flight);
      this.#options.lost(1, describeFailure(failure));
    }
  }

  /** The server refuses this one PDU for good; what comes after it goes on. */
  #park(flight: Flight, reason: string): void {
    const { store, now } = this.#options;
    store.transaction(() => {
      for (const { roomId, pdus } of flight.parts) {
        for (const { eventId } of pdus) store.park({ roomId, eventId, reason, at: now() });
      }
      this.#confirm(flight);
    });
  }

  #backOff(flight: Flight, failure: FederationFailure): void {
    const { store, wakeAt } = this.#options;
    const reachability = this.#after(failure);
    this.#storeCursors(undefined, () => {
      store.setReachability(reachability);
      store.setUnconfirmed(toStored(flight));
      if (this.#isOwing()) wakeAt(reachability.until);
    });
    // What only the moment made worth sending is not kept for another one.
    if (flight.parts.length + flight.kept.length === 0) this.#flight = undefined;
  }

  #after(failure: FederationFailure): Reachability {
    const { store, now, random, retries, destination } = this.#options;
    const { attempt } = store.reachability();
    const reason = describeFailure(failure);
    const status = failure.kind === 'refused' ? failure.status : undefined;
    if (status === 429 && failure.kind === 'refused') {
      // To wait is what it asks for: no failure, and the transaction stays the same.
      const waitMs = Math.min(failure.retryAfterMs ?? backoffDelayMs(1, random()), MAX_LIMITED_MS);
      return { attempt, until: now() + Math.max(waitMs, ANSWER_WITHIN_MS), kind: 'limited', reason };
    }
    // Our own settings say nothing of the server, and a change of them wakes this.
    if (failure.kind === 'denied') return { attempt, until: now() + DENIED_MS, kind: 'policy', reason };
    const until = retries.take(destination, now() + backoffDelayMs(attempt + 1, random()));
    const isPolicy = status === 401 || status === 403;
    return { attempt: attempt + 1, until, kind: isPolicy ? 'policy' : 'down', reason };
  }
}

/** Says something of the server, and not of what was asked. */
function isOutage(failure: FederationFailure): boolean {
  if (failure.kind === 'refused') return failure.status >= 500 || failure.status === 429;
  return failure.kind === 'unreachable' || failure.kind === 'timeout';
}
