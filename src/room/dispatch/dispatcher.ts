import type { ServerName } from '../../matrix/ids/brands.ts';
import type { RoomStore } from '../store.ts';
import { BehindReceivers } from './behind-receivers.ts';
import { CallLine } from './call-line.ts';
import { OutgoingRanges, type OutgoingPdu } from './outgoing-ranges.ts';
import { projectedRange } from './projected-range.ts';
import { shardsOf, type MembershipChange } from './recipients.ts';
import { roomActivity, type RoomActivity } from './room-activity.ts';
import { searchRange } from './search-range.ts';

/** A range of the room's stream for a shard of local users. `from: undefined`: the shard holds no cursor for it. */
export interface ShardRange {
  readonly roomId: string;
  readonly epoch: string;
  readonly from: number | undefined;
  readonly to: number;
  readonly memberships: readonly MembershipChange[];
  /** Whether a membership changed, also of users who are not the shard's. */
  readonly hasMemberships: boolean;
  readonly activity: RoomActivity;
}

/** A range for a remote server: the PDUs of it that go there, in order. */
export interface DestinationRange {
  readonly roomId: string;
  readonly epoch: string;
  readonly from: number;
  readonly to: number;
  readonly pdus: readonly OutgoingPdu[];
}

/**
 * `behind`: the receiver's cursor lies before `from`; the room goes on from there. `isKept`: it is kept for a server that
 * did not answer so far.
 */
export type Confirmation =
  | { readonly kind: 'confirmed'; readonly isKept?: boolean }
  | { readonly kind: 'behind'; readonly cursor: number }
  | { readonly kind: 'detached' };

/** The receivers of a room's stream. A call that throws has not confirmed. */
export interface Receivers {
  shard(shard: string, range: ShardRange): Promise<Confirmation>;
  destination(server: ServerName, range: DestinationRange): Promise<Confirmation>;
  projector(range: ReturnType<typeof projectedRange>): Promise<Confirmation>;
  /** The database of search; `undefined`: there is none. */
  readonly search?: ((range: ReturnType<typeof searchRange>['range']) => Promise<Confirmation>) | undefined;
}

/** The projections in D1 are nobody's wait: what comes within this time shares a batch (contracts, section 8). */
const PROJECTION_PAUSE_MS = 250;
/** With this many rows a batch is full enough to go at once. */
const FULL_PROJECTION = 50;
const PROJECTOR = 'p:';
const SEARCH = 's:';
const CONFIRMED: Confirmation = { kind: 'confirmed' };

/** At most 64 calls at once (contracts, section 2); some are kept for shards and the projection. */
const MAX_DESTINATION_CALLS = 56;
const MAX_OTHER_CALLS = 8;
/** Who does not answer within this time does not count any more: servers that are down delay nobody for long. */
const PATIENCE_MS = 250;
/** A receiver that has asked not to be called is offered something again after this: it may have lost its alarm. */
const DETACHED_MS = 3_600_000;

interface Delivery {
  readonly receiver: string;
  /** Confirmed through here. */
  from: number;
  /** Offered up to here when the call in flight ends. */
  to: number;
  readonly end: PromiseWithResolvers<void>;
  /** The call in flight, or the next one, was answered or failed. */
  answered: PromiseWithResolvers<void>;
}

/**
 * Carries the stream to its receivers after the commit and after the reply: from the next macrotask, one call in
 * flight per receiver, what arrives meanwhile in the next one. What a receiver did not confirm is a row of
 * `receivers` (contracts, section 2, "Receivers and cursors").
 */
export class Dispatcher {
  readonly #store: RoomStore;
  readonly #receivers: Receivers;
  readonly #serverName: ServerName;
  readonly #later: (run: () => void, delayMs: number) => void;
  readonly #now: () => number;
  readonly #outgoing: OutgoingRanges;
  readonly #behind: BehindReceivers;
  readonly #deliveries = new Map<string, Delivery>();
  readonly #destinations: CallLine<Delivery>;
  readonly #others: CallLine<Delivery>;
  /** Destinations whose servers took what they were last offered, as far as this instance knows. */
  readonly #there = new Set<string>();
  /** How often each receiver was found to be up to date by asking for itself. */
  readonly #reattached = new Map<string, number>();
  #considered: number | undefined;
  #scheduled = false;
  /** Each ends the pause of a projection. */
  readonly #pauses = new Set<() => void>();
  /** Calls that wait for the projector: it makes no pause. */
  #flushes = 0;

  constructor(options: {
    store: RoomStore;
    receivers: Receivers;
    serverName: ServerName;
    /** Runs a function in a macrotask, the next one for 0. */
    later: (run: () => void, delayMs: number) => void;
    now: () => number;
  }) {
    this.#store = options.store;
    this.#receivers = options.receivers;
    this.#serverName = options.serverName;
    this.#later = options.later;
    this.#now = options.now;
    this.#outgoing = new OutgoingRanges(options.store, options.serverName);
    this.#behind = new BehindReceivers(options.store.receivers);
    const call = (delivery: Delivery) => this.#call(delivery);
    const line = { later: this.#later, now: this.#now, patienceMs: PATIENCE_MS, call };
    this.#destinations = new CallLine({ ...line, limit: MAX_DESTINATION_CALLS });
    this.#others = new CallLine({ ...line, limit: MAX_OTHER_CALLS });
  }

  /**
   * Writes down how far everything is confirmed, and who is behind that. Runs in the transaction that is open;
   * {@link committed} follows it, or {@link forget}. @returns whether the stream goes on behind it.
   */
  writeDown(): boolean {
    const written = this.#store.meta.dispatchedThrough();
    let through = this.#considered ?? written;
    for (const { from } of this.#deliveries.values()) through = Math.min(through, from);
    this.#behind.write();
    if (through > written) this.#store.meta.setDispatchedThrough(through);
    return this.#store.stream.head() > through;
  }

  committed(): void {
    this.#behind.committed();
  }

  forget(): void {
    this.#behind.forget();
  }

  /** Whether somebody is to be offered again what was not confirmed. */
  isOwing(): boolean {
    return this.#deliveries.size > 0 || this.#behind.all().some(({ detachedAt }) => detachedAt === 0);
  }

  /** Whether the receiver has asked not to be called, since it is in back-off. */
  isDetached(receiver: string): boolean {
    return (this.#behind.get(receiver)?.detachedAt ?? 0) > 0;
  }

  /** So far a receiver has confirmed, at least: what it was offered, or keeps a cursor for. */
  confirmedThrough(receiver: string): number {
    const from = this.#deliveries.get(receiver)?.from ?? this.#behind.get(receiver)?.fromPos;
    return from ?? this.#considered ?? this.#store.meta.dispatchedThrough();
  }

  /** After a commit: something may have to go out. */
  kick(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#later(() => {
      this.#scheduled = false;
      this.#offer();
    }, 0);
  }

  /**
   * Resolves when the calls that are in flight now were answered or have failed. What comes meanwhile is not waited for: in
   * a busy room there is always a call in flight.
   */
  async answered(): Promise<void> {
    this.#offerNow();
    const called = [...this.#deliveries.values()].map(({ answered }) => answered.promise);
    await this.#flushing(() => Promise.all(called));
  }

  /** Resolves when these receivers have been told of everything that is committed now, or could not be. */
  async settled(receivers: readonly string[]): Promise<void> {
    this.#offerNow();
    const running = receivers.map(async (receiver) => this.#deliveries.get(receiver)?.end.promise);
    await this.#flushing(() => Promise.all(running));
  }

  /** A destination has asked for what it lacked and lacks nothing: a `detached` that is on its way is out of date. */
  reattach(receiver: string): void {
    this.#reattached.set(receiver, (this.#reattached.get(receiver) ?? 0) + 1);
    this.#behind.drop(receiver);
    this.#there.add(receiver);
  }

  /** The backstop: offers again what receivers have not confirmed. */
  retry(): void {
    for (const { receiver, fromPos, detachedAt } of this.#behind.all()) {
      if (detachedAt === 0 && !this.#deliveries.has(receiver))
        this.#start(receiver, fromPos, this.#store.stream.head());
    }
    this.kick();
  }

  #offerNow(): void {
    if (!this.#scheduled) return;
    this.#scheduled = false;
    this.#offer();
  }

  #offer(): void {
    const from = this.#considered ?? this.#store.meta.dispatchedThrough();
    const to = this.#store.stream.head();
    // After a restart who is behind is offered everything again; who is detached keeps a cursor, as durable as its row.
    const isFirst = this.#considered === undefined;
    this.#considered = to;
    for (const { receiver, fromPos, detachedAt } of this.#behind.all()) {
      const isOver = detachedAt === 0 ? isFirst : this.#now() - detachedAt > DETACHED_MS;
      if (isOver && !this.#deliveries.has(receiver)) this.#start(receiver, fromPos, to);
    }
    if (to > from) {
      for (const receiver of this.#receiversOf(from, to)) {
        const running = this.#deliveries.get(receiver);
        if (running !== undefined) running.to = to;
        else if (this.#behind.get(receiver) === undefined) this.#start(receiver, from, to);
      }
    }
  }

  /** Who receives a range, whose users are furthest away first: `d:` and a server, `u:` and a shard, the projector. */
  #receiversOf(from: number, to: number): readonly string[] {
    const servers = [...this.#outgoing.serversOf(from, to)].map((server) => `d:${server}`);
    const shards = [...shardsOf(this.#store, from, to, this.#serverName).keys()].map((shard) => `u:${shard}`);
    return [...servers, ...shards, PROJECTOR, ...(this.#receivers.search === undefined ? [] : [SEARCH])];
  }

  #start(receiver: string, from: number, to: number): void {
    const delivery = {
      receiver,
      from,
      to,
      end: Promise.withResolvers<void>(),
      answered: Promise.withResolvers<void>(),
    };
    this.#deliveries.set(receiver, delivery);
    this.#goOn(delivery);
  }

  /** Lines up for the next call, or ends where nothing is left. */
  #goOn(delivery: Delivery): void {
    const { receiver, from, to } = delivery;
    if (from >= to) {
      this.#behind.remove(receiver);
      this.#end(delivery);
    } else if (receiver.startsWith('d:')) {
      this.#destinations.add(delivery, !this.#there.has(receiver));
    } else if ((receiver === PROJECTOR || receiver === SEARCH) && to - from < FULL_PROJECTION && this.#flushes === 0) {
      this.#pause(() => this.#others.add(delivery));
    } else {
      this.#others.add(delivery);
    }
  }

  #end({ receiver, end, answered }: Delivery): void {
    answered.resolve();
    this.#deliveries.delete(receiver);
    if (this.#deliveries.size === 0) this.#outgoing.forget();
    end.resolve();
  }

  #giveUp(delivery: Delivery, detachedAt: number): void {
    this.#behind.put({ receiver: delivery.receiver, fromPos: delivery.from, detachedAt });
    this.#end(delivery);
  }

  async #flushing(work: () => Promise<unknown>): Promise<void> {
    this.#flushes += 1;
    for (const end of this.#pauses) end();
    try {
      await work();
    } finally {
      this.#flushes -= 1;
    }
  }

  #pause(goOn: () => void): void {
    const end = () => {
      if (this.#pauses.delete(end)) goOn();
    };
    this.#pauses.add(end);
    this.#later(end, PROJECTION_PAUSE_MS);
  }

  /** @returns whether somebody was there. */
  async #call(delivery: Delivery): Promise<boolean> {
    const { receiver } = delivery;
    const attached = this.#reattached.get(receiver);
    let answered: { readonly confirmation: Confirmation; readonly to: number };
    try {
      answered = await this.#offerTo(receiver, delivery.from, delivery.to);
    } catch {
      this.#there.delete(receiver);
      this.#giveUp(delivery, 0);
      return false;
    }
    delivery.answered.resolve();
    delivery.answered = Promise.withResolvers();
    const { confirmation, to } = answered;
    const isThere = confirmation.kind === 'confirmed' && confirmation.isKept !== true;
    if (isThere) this.#there.add(receiver);
    // One that was there and takes its time is no stranger: on a busy thread all of them would be.
    else if (confirmation.kind === 'detached') this.#there.delete(receiver);
    if (confirmation.kind === 'detached') {
      if (this.#reattached.get(receiver) === attached) {
        this.#giveUp(delivery, this.#now());
        return false;
      }
    } else {
      delivery.from = confirmation.kind === 'behind' ? Math.min(confirmation.cursor, to) : to;
    }
    this.#goOn(delivery);
    return isThere;
  }

  async #offerTo(receiver: string, from: number, to: number): Promise<{ confirmation: Confirmation; to: number }> {
    const roomId = this.#store.meta.roomId();
    const epoch = this.#store.meta.epoch();
    const name = receiver.slice(2);
    if (receiver.startsWith('u:')) {
      const memberships = shardsOf(this.#store, from, to, this.#serverName).get(name) ?? [];
      const hasMemberships = this.#store.stream.hasMemberRow(from, to);
      const activity = roomActivity(this.#store, from, to);
      const range = { roomId, epoch, from, to, memberships, hasMemberships, activity };
      const confirmation = await this.#receivers.shard(name, range);
      return { confirmation, to };
    }
    if (receiver.startsWith('d:')) {
      const range = this.#outgoing.of(name as ServerName, from, to);
      if (range.pdus.length === 0) return { confirmation: CONFIRMED, to: range.to };
      const confirmation = await this.#receivers.destination(name as ServerName, { roomId, epoch, ...range });
      return { confirmation, to: range.to };
    }
    if (receiver === SEARCH) return this.#offerToSearch(from, to);
    const range = projectedRange(this.#store, from, to, this.#serverName);
    return { confirmation: await this.#receivers.projector(range), to: range.to };
  }

  async #offerToSearch(from: number, to: number): Promise<{ confirmation: Confirmation; to: number }> {
    const { search } = this.#receivers;
    if (search === undefined) return { confirmation: CONFIRMED, to };
    const found = searchRange(this.#store, from, to);
    const isNews = found.range.texts.length > 0 || found.range.completes;
    return { confirmation: isNews ? await search(found.range) : CONFIRMED, to: found.to };
  }
}
