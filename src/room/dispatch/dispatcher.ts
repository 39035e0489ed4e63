import type { ServerName } from '../../matrix/ids/brands.ts';
import type { RoomStore } from '../store.ts';
import { CallLine } from './call-line.ts';
import { OutgoingRanges, type OutgoingPdu } from './outgoing-ranges.ts';
import { projectedRange } from './projected-range.ts';
import { shardsOf, type MembershipChange } from './recipients.ts';

/** A range of the room's stream for a shard of local users. `from: undefined`: the shard holds no cursor for it. */
export interface ShardRange {
  readonly roomId: string;
  readonly epoch: string;
  readonly from: number | undefined;
  readonly to: number;
  readonly memberships: readonly MembershipChange[];
}

/** A range for remote servers: the PDUs of it that go there, in order. */
export interface DestinationRange {
  readonly roomId: string;
  readonly epoch: string;
  readonly from: number;
  readonly to: number;
  readonly pdus: readonly OutgoingPdu[];
}

/** `behind`: the receiver's cursor lies before `from`; the room goes on from there. */
export type Confirmation =
  | { readonly kind: 'confirmed' }
  | { readonly kind: 'behind'; readonly cursor: number }
  | { readonly kind: 'detached' };

/** The receivers of a room's stream. A call that throws has not confirmed. */
export interface Receivers {
  shard(shard: string, range: ShardRange): Promise<Confirmation>;
  /**
   * Offers one range to all of these. `answered` is called for each of them as its answer comes; who has none when the
   * call ends has not confirmed.
   */
  destinations(
    servers: readonly ServerName[],
    range: DestinationRange,
    answered: (server: ServerName, confirmation: Confirmation) => void,
  ): Promise<void>;
  projector(range: ReturnType<typeof projectedRange>): Promise<Confirmation>;
}

/** The projection in D1 is nobody's wait: what comes within this time shares a batch (contracts, section 8). */
const PROJECTION_PAUSE_MS = 250;
/** With this many rows a batch is full enough to go at once. */
const FULL_PROJECTION = 50;
const PROJECTOR = 'p:';

/** At most 64 calls at once (contracts, section 2); some are kept for shards and the projection. */
const MAX_DESTINATION_CALLS = 56;
const MAX_OTHER_CALLS = 8;
/** Where more destinations than this wait, so many share a call. */
const SHARED_CALL = 32;

interface Delivery {
  readonly receiver: string;
  /** Confirmed through here. */
  from: number;
  /** Offered up to here when the call in flight ends. */
  to: number;
  readonly end: PromiseWithResolvers<void>;
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
  readonly #outgoing: OutgoingRanges;
  readonly #deliveries = new Map<string, Delivery>();
  readonly #destinations: CallLine<Delivery>;
  readonly #others: CallLine<Delivery>;
  /** How often each receiver was found to be up to date by asking for itself. */
  readonly #reattached = new Map<string, number>();
  #considered: number | undefined;
  #scheduled = false;
  /** Ends the projector's pause, while there is one. */
  #project: (() => void) | undefined;
  /** Calls that wait for the projector: it makes no pause. */
  #flushes = 0;

  constructor(options: {
    store: RoomStore;
    receivers: Receivers;
    serverName: ServerName;
    /** Runs a function in a macrotask, the next one for 0. */
    later: (run: () => void, delayMs: number) => void;
  }) {
    this.#store = options.store;
    this.#receivers = options.receivers;
    this.#serverName = options.serverName;
    this.#later = options.later;
    this.#outgoing = new OutgoingRanges(options.store, options.serverName);
    this.#destinations = new CallLine({
      limit: MAX_DESTINATION_CALLS,
      take: takeTogether,
      call: (deliveries) => this.#callDestinations(deliveries),
    });
    this.#others = new CallLine({
      limit: MAX_OTHER_CALLS,
      take: (waiting) => waiting.splice(0, 1),
      call: async ([delivery]) => {
        if (delivery !== undefined) await this.#callOther(delivery);
      },
    });
  }

  /** Everything up to here is confirmed by every receiver or is a row of `receivers`. */
  confirmedThrough(): number {
    let through = this.#considered ?? this.#store.meta.dispatchedThrough();
    for (const { from } of this.#deliveries.values()) through = Math.min(through, from);
    return through;
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

  /** Resolves when no call is in flight. */
  async idle(): Promise<void> {
    this.#offerNow();
    await this.#flushing(async () => {
      while (this.#deliveries.size > 0) await Promise.all([...this.#deliveries.values()].map(({ end }) => end.promise));
    });
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
  }

  /** The backstop: offers again what receivers have not confirmed. */
  retry(): void {
    for (const { receiver, fromPos, detached } of this.#store.receivers.all()) {
      if (!detached && !this.#deliveries.has(receiver)) this.#start(receiver, fromPos, this.#store.stream.head());
    }
    this.#advance();
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
    // After a restart nobody is believed: whoever is behind or detached is offered everything again.
    if (this.#considered === undefined) {
      for (const { receiver, fromPos } of this.#store.receivers.all()) this.#start(receiver, fromPos, to);
    }
    this.#considered = to;
    if (to > from) {
      for (const receiver of this.#receiversOf(from, to)) {
        const running = this.#deliveries.get(receiver);
        if (running !== undefined) running.to = to;
        else if (this.#store.receivers.get(receiver) === undefined) this.#start(receiver, from, to);
      }
    }
    this.#advance();
  }

  /** Who receives a range: `d:` and a server, `u:` and a shard, the projector. */
  #receiversOf(from: number, to: number): readonly string[] {
    const servers = [...this.#outgoing.serversOf(from, to)].map((server) => `d:${server}`);
    const shards = [...shardsOf(this.#store, from, to, this.#serverName).keys()].map((shard) => `u:${shard}`);
    return [...servers, ...shards, PROJECTOR];
  }

  #start(receiver: string, from: number, to: number): void {
    const delivery = { receiver, from, to, end: Promise.withResolvers<void>() };
    this.#deliveries.set(receiver, delivery);
    this.#goOn(delivery);
  }

  /** Lines up for the next call, or ends where nothing is left. */
  #goOn(delivery: Delivery): void {
    const { receiver, from, to } = delivery;
    if (from >= to) {
      this.#store.receivers.remove(receiver);
      this.#end(delivery);
    } else if (receiver.startsWith('d:')) {
      this.#destinations.add(delivery);
    } else if (receiver === PROJECTOR && to - from < FULL_PROJECTION && this.#flushes === 0) {
      this.#pause(() => {
        this.#others.add(delivery);
        this.#others.advance();
      });
    } else {
      this.#others.add(delivery);
    }
  }

  /** Those whose users are furthest away go first. */
  #advance(): void {
    this.#destinations.advance();
    this.#others.advance();
  }

  #end({ receiver, end }: Delivery): void {
    this.#deliveries.delete(receiver);
    if (this.#deliveries.size === 0) this.#outgoing.forget();
    end.resolve();
  }

  #confirm(delivery: Delivery, to: number, confirmation: Confirmation): void {
    if (confirmation.kind === 'detached') {
      this.#giveUp(delivery, true);
      return;
    }
    delivery.from = confirmation.kind === 'behind' ? Math.min(confirmation.cursor, to) : to;
    this.#goOn(delivery);
  }

  #giveUp(delivery: Delivery, detached: boolean): void {
    this.#store.receivers.put(delivery.receiver, delivery.from, detached);
    this.#end(delivery);
  }

  async #flushing(work: () => Promise<unknown>): Promise<void> {
    this.#flushes += 1;
    this.#project?.();
    try {
      await work();
    } finally {
      this.#flushes -= 1;
    }
  }

  #pause(goOn: () => void): void {
    let isOver = false;
    const end = () => {
      if (isOver) return;
      isOver = true;
      this.#project = undefined;
      goOn();
    };
    this.#project = end;
    this.#later(end, PROJECTION_PAUSE_MS);
  }

  /** One call for all of these; they stand at the same place. */
  async #callDestinations(deliveries: readonly Delivery[]): Promise<void> {
    const byList = new Map<readonly OutgoingPdu[], { readonly to: number; readonly of: Map<ServerName, Delivery> }>();
    for (const delivery of deliveries) {
      const { receiver, from } = delivery;
      const server = receiver.slice(2) as ServerName;
      const { pdus, to } = this.#outgoing.of(server, from, delivery.to);
      if (pdus.length === 0) {
        this.#confirm(delivery, to, { kind: 'confirmed' });
        continue;
      }
      const sharers = byList.get(pdus) ?? { to, of: new Map<ServerName, Delivery>() };
      sharers.of.set(server, delivery);
      byList.set(pdus, sharers);
    }
    await Promise.all([...byList].map(([pdus, { to, of }]) => this.#offerTo(of, pdus, to)));
    this.#destinations.advance();
  }

  async #offerTo(
    deliveries: ReadonlyMap<ServerName, Delivery>,
    pdus: readonly OutgoingPdu[],
    to: number,
  ): Promise<void> {
    const roomId = this.#store.meta.roomId();
    const epoch = this.#store.meta.epoch();
    const [from = to] = [...deliveries.values()].map((delivery) => delivery.from);
    const open = new Map(deliveries);
    const reattached = new Map([...deliveries.values()].map(({ receiver: r }) => [r, this.#reattached.get(r)]));
    try {
      await this.#receivers.destinations(
        [...open.keys()],
        { roomId, epoch, from, to, pdus },
        (server, confirmation) => {
          const delivery = open.get(server);
          if (delivery === undefined) return;
          open.delete(server);
          const isOutOfDate = this.#reattached.get(delivery.receiver) !== reattached.get(delivery.receiver);
          if (confirmation.kind === 'detached' && isOutOfDate) this.#goOn(delivery);
          else this.#confirm(delivery, to, confirmation);
          this.#destinations.advance();
        },
      );
    } catch {
      // Whoever did not answer has a row below.
    }
    for (const delivery of open.values()) this.#giveUp(delivery, false);
  }

  async #callOther(delivery: Delivery): Promise<void> {
    const { receiver, from, to } = delivery;
    try {
      if (receiver === PROJECTOR) {
        const range = projectedRange(this.#store, from, to, this.#serverName);
        this.#confirm(delivery, range.to, await this.#receivers.projector(range));
      } else {
        const shard = receiver.slice(2);
        const memberships = shardsOf(this.#store, from, to, this.#serverName).get(shard) ?? [];
        const roomId = this.#store.meta.roomId();
        const epoch = this.#store.meta.epoch();
        const confirmation = await this.#receivers.shard(shard, { roomId, epoch, from, to, memberships });
        this.#confirm(delivery, to, confirmation);
      }
    } catch {
      this.#giveUp(delivery, false);
    }
  }
}

/** Of few that wait the first alone; of many those that stand where it stands. */
function takeTogether(waiting: Delivery[]): readonly Delivery[] {
  const [first] = waiting;
  if (first === undefined || waiting.length <= SHARED_CALL) return waiting.splice(0, 1);
  const taken = new Set<Delivery>();
  for (const delivery of waiting) {
    if (taken.size === SHARED_CALL) break;
    if (delivery.from === first.from && delivery.to === first.to) taken.add(delivery);
  }
  waiting.splice(0, waiting.length, ...waiting.filter((delivery) => !taken.has(delivery)));
  return [...taken];
}
