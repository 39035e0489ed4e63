import type { EventId, ServerName } from '../../matrix/ids/brands.ts';
import { canonicalJson } from '../../matrix/json/canonical-json.ts';
import type { RoomStore } from '../store.ts';
import { projectedRange } from './projected-range.ts';
import { destinationsOf, shardsOf, type MembershipChange } from './recipients.ts';

/** A range of the room's stream for a shard of local users. `from: undefined`: the shard holds no cursor for it. */
export interface ShardRange {
  readonly roomId: string;
  readonly epoch: string;
  readonly from: number | undefined;
  readonly to: number;
  readonly memberships: readonly MembershipChange[];
}

/** A range for a remote server: the PDUs of it that go there, as canonical JSON, in order. */
export interface DestinationRange {
  readonly roomId: string;
  readonly epoch: string;
  readonly from: number;
  readonly to: number;
  readonly pdus: readonly { readonly pos: number; readonly eventId: EventId; readonly json: string }[];
}

/** `behind`: the receiver's cursor lies before `from`; the room goes on from there. */
export type Confirmation =
  | { readonly kind: 'confirmed' }
  | { readonly kind: 'behind'; readonly cursor: number }
  | { readonly kind: 'detached' };

/** The receivers of a room's stream. A call that throws has not confirmed. */
export interface Receivers {
  shard(shard: string, range: ShardRange): Promise<Confirmation>;
  destination(server: ServerName, range: DestinationRange): Promise<Confirmation>;
  projector(range: ReturnType<typeof projectedRange>): Promise<Confirmation>;
}

/** Rows of one range that are read for a destination at a time. */
export const RANGE_ROWS = 200;

/** The projection in D1 is nobody's wait: what comes within this time shares a batch (contracts, section 8). */
const PROJECTION_PAUSE_MS = 250;
/** With this many rows a batch is full enough to go at once. */
const FULL_PROJECTION = 50;
const PROJECTOR = 'p:';

interface Delivery {
  /** Confirmed through here. */
  from: number;
  /** Offered up to here when the call in flight ends. */
  to: number;
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
  readonly #deliveries = new Map<string, Delivery>();
  readonly #inFlight = new Map<string, Promise<void>>();
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
    if (this.#scheduled) {
      this.#scheduled = false;
      this.#offer();
    }
    await this.#flushing(async () => {
      while (this.#inFlight.size > 0) await Promise.all(this.#inFlight.values());
    });
  }

  /** Resolves when these receivers have been told of everything that is committed now, or could not be. */
  async settled(receivers: readonly string[]): Promise<void> {
    if (this.#scheduled) {
      this.#scheduled = false;
      this.#offer();
    }
    const running = receivers.map((receiver) => this.#inFlight.get(receiver)).filter((run) => run !== undefined);
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
    this.kick();
  }

  #offer(): void {
    const from = this.#considered ?? this.#store.meta.dispatchedThrough();
    const to = this.#store.stream.head();
    // After a restart nobody is believed: whoever is behind or detached is offered everything again.
    if (this.#considered === undefined) {
      for (const { receiver, fromPos } of this.#store.receivers.all()) this.#start(receiver, fromPos, to);
    }
    this.#considered = to;
    if (to <= from) return;
    for (const receiver of receiversOf(this.#store, from, to, this.#serverName)) {
      const running = this.#deliveries.get(receiver);
      if (running !== undefined) running.to = to;
      else if (this.#store.receivers.get(receiver) === undefined) this.#start(receiver, from, to);
    }
  }

  #start(receiver: string, from: number, to: number): void {
    const delivery = { from, to };
    this.#deliveries.set(receiver, delivery);
    const run = this.#deliver(receiver, delivery).finally(() => {
      this.#deliveries.delete(receiver);
      this.#inFlight.delete(receiver);
    });
    this.#inFlight.set(receiver, run);
  }

  async #deliver(receiver: string, delivery: Delivery): Promise<void> {
    while (delivery.from < delivery.to) {
      const { from } = delivery;
      if (receiver === PROJECTOR && delivery.to - from < FULL_PROJECTION) await this.#pause();
      const attached = this.#reattached.get(receiver);
      let confirmation: Confirmation;
      let to: number;
      try {
        ({ confirmation, to } = await this.#call(receiver, from, delivery.to));
      } catch {
        this.#store.receivers.put(receiver, from, false);
        return;
      }
      if (confirmation.kind === 'detached' && this.#reattached.get(receiver) !== attached) continue;
      if (confirmation.kind === 'detached') {
        this.#store.receivers.put(receiver, from, true);
        return;
      }
      delivery.from = confirmation.kind === 'behind' ? Math.min(confirmation.cursor, to) : to;
    }
    this.#store.receivers.remove(receiver);
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

  async #pause(): Promise<void> {
    if (this.#flushes > 0) return;
    await new Promise<void>((resolve) => {
      this.#project = resolve;
      this.#later(resolve, PROJECTION_PAUSE_MS);
    });
  }

  async #call(receiver: string, from: number, to: number): Promise<{ confirmation: Confirmation; to: number }> {
    const roomId = this.#store.meta.roomId();
    const epoch = this.#store.meta.epoch();
    const name = receiver.slice(2);
    if (receiver.startsWith('u:')) {
      const memberships = shardsOf(this.#store, from, to, this.#serverName).get(name) ?? [];
      const confirmation = await this.#receivers.shard(name, { roomId, epoch, from, to, memberships });
      return { confirmation, to };
    }
    if (receiver.startsWith('d:')) {
      const range = destinationRange(this.#store, name as ServerName, from, to, this.#serverName);
      if (range.pdus.length === 0) return { confirmation: { kind: 'confirmed' }, to: range.to };
      const confirmation = await this.#receivers.destination(name as ServerName, { roomId, epoch, ...range });
      return { confirmation, to: range.to };
    }
    const range = projectedRange(this.#store, from, to, this.#serverName);
    return { confirmation: await this.#receivers.projector(range), to: range.to };
  }
}

/** Who receives a range, whose users are furthest away first: `d:` and a server, `u:` and a shard, the projector. */
function receiversOf(store: RoomStore, from: number, to: number, serverName: ServerName): ReadonlySet<string> {
  const receivers = new Set<string>();
  for (const row of store.stream.range(from, to, to - from)) {
    if (row.kind !== 'event') continue;
    const event = store.events.get(row.eventId);
    if (event === undefined) continue;
    for (const server of destinationsOf(store, event, serverName)) receivers.add(`d:${server}`);
  }
  for (const shard of shardsOf(store, from, to, serverName).keys()) receivers.add(`u:${shard}`);
  return receivers.add(PROJECTOR);
}

/** The PDUs of a range that go to a server; `to` is where the reading ended. */
export function destinationRange(
  store: RoomStore,
  server: ServerName,
  from: number,
  to: number,
  serverName: ServerName,
): Pick<DestinationRange, 'from' | 'to' | 'pdus'> {
  const rows = store.stream.range(from, to, RANGE_ROWS);
  const pdus = [];
  for (const row of rows) {
    if (row.kind !== 'event') continue;
    const event = store.events.get(row.eventId);
    if (event === undefined || !destinationsOf(store, event, serverName).has(server)) continue;
    pdus.push({ pos: row.pos, eventId: event.pdu.eventId, json: canonicalJson(event.pdu.json) });
  }
  const last = rows.at(-1);
  return { from, to: rows.length < RANGE_ROWS || last === undefined ? to : last.pos, pdus };
}
