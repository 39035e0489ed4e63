import type { EventId, ServerName } from '../../matrix/ids/brands.ts';
import { leavingJson } from '../retention/leaving.ts';
import type { RoomStore } from '../store.ts';
import { destinationsOf } from './recipients.ts';

/** An event of the stream as it leaves. */
export interface OutgoingPdu {
  readonly pos: number;
  readonly eventId: EventId;
  /** Canonical JSON. */
  readonly json: string;
}

/** The events of `(from, to]` that leave at all, each with the servers that it goes to. */
interface OutgoingRange {
  readonly to: number;
  readonly events: readonly (OutgoingPdu & { readonly servers: ReadonlySet<ServerName> })[];
  /** The PDUs for those servers that all of them go to: one list for all of these. */
  readonly whole: readonly OutgoingPdu[];
}

/** Rows of one range that are read at a time. */
export const RANGE_ROWS = 200;
/**
 * What is offered at once ends at a multiple of this: who waited long begins with what all who waited have been given,
 * and not with a range that each event makes another one.
 */
const BLOCK = 64;
/** Ranges that are kept: those that destinations of different speed are at. */
const MAX_MADE = 16;

/**
 * Reads ranges of the stream for other servers. What a range holds, who gets it and its wire form are made once, not
 * once per receiver: with a thousand servers that is the difference between a thousand steps per event and a million.
 */
export class OutgoingRanges {
  readonly #store: RoomStore;
  readonly #serverName: ServerName;
  readonly #made = new Map<string, OutgoingRange>();

  constructor(store: RoomStore, serverName: ServerName) {
    this.#store = store;
    this.#serverName = serverName;
  }

  /**
   * The PDUs of `(from, to]` that go to a server; `to` is where the reading ended. Servers that get the same are given
   * the same list.
   */
  of(
    server: ServerName,
    from: number,
    to: number,
  ): { readonly from: number; readonly to: number; readonly pdus: readonly OutgoingPdu[] } {
    const range = this.#read(from, Math.min(to, from - (from % BLOCK) + BLOCK));
    const theirs = range.events.filter(({ servers }) => servers.has(server));
    const pdus = theirs.length === range.events.length ? range.whole : theirs.map(pduOf);
    return { from, to: range.to, pdus };
  }

  /** Everybody who is sent something of `(from, to]`, however long it is. */
  serversOf(from: number, to: number): ReadonlySet<ServerName> {
    const all = new Set<ServerName>();
    for (let at = from; at < to;) {
      const range = this.#read(at, to);
      for (const { servers } of range.events) for (const server of servers) all.add(server);
      at = range.to;
    }
    return all;
  }

  /** Lets go of what was made: a redaction may have changed what the events look like. */
  forget(): void {
    this.#made.clear();
  }

  #read(from: number, to: number): OutgoingRange {
    const key = `${from} ${to}`;
    const made = this.#made.get(key);
    if (made !== undefined) return made;
    const rows = this.#store.stream.range(from, to, RANGE_ROWS);
    const events: OutgoingRange['events'][number][] = [];
    for (const row of rows) {
      if (row.kind !== 'event') continue;
      const event = this.#store.events.get(row.eventId);
      if (event === undefined) continue;
      const servers = destinationsOf(this.#store, event, this.#serverName);
      if (servers.size === 0) continue;
      events.push({ pos: row.pos, eventId: event.pdu.eventId, json: leavingJson(this.#store, event), servers });
    }
    const last = rows.at(-1);
    const end = rows.length < RANGE_ROWS || last === undefined ? to : last.pos;
    const range = { to: end, events, whole: events.map(pduOf) };
    this.#made.set(key, range);
    const [oldest] = this.#made.keys();
    if (this.#made.size > MAX_MADE && oldest !== undefined) this.#made.delete(oldest);
    return range;
  }
}

function pduOf({ pos, eventId, json }: OutgoingPdu): OutgoingPdu {
  return { pos, eventId, json };
}
