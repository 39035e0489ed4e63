import type { ServerName } from '../../matrix/ids/brands.ts';
import { leavingJson } from '../retention/leaving.ts';
import type { RoomStore } from '../store.ts';
import { RANGE_ROWS, type OutgoingPdu } from './outgoing-ranges.ts';
import { goesTo } from './recipients.ts';

export interface DestinationQuery {
  readonly server: ServerName;
  readonly epoch: string;
  readonly from: number;
  /** What was sent before is read again, as far as this: nothing is counted, and nobody attached again. */
  readonly to?: number;
  readonly limit: number;
  /** The newest `limit` PDUs behind `from` instead of the oldest. */
  readonly newest?: boolean;
}

export interface DestinationAnswer {
  readonly epoch: string;
  readonly pdus: readonly OutgoingPdu[];
  /** Everything for the server up to here is in `pdus`; the head where nothing is left. */
  readonly to: number;
  /** How many PDUs for the server lie behind `from`, counted up to {@link COUNTED}. */
  readonly unsent: number;
}

const COUNTED = 501;

/**
 * What a destination that fell behind has not been sent. One that is up to date is attached again: from now on the
 * room offers by itself. Runs in the transaction that is open.
 */
export function rangeForDestination(
  store: RoomStore,
  query: DestinationQuery,
  serverName: ServerName,
): DestinationAnswer {
  const head = store.stream.head();
  const epoch = store.meta.epoch();
  const receiver = `d:${query.server}`;
  const reattach = () => store.receivers.remove(receiver);
  if (epoch !== query.epoch) {
    reattach();
    return { epoch, pdus: [], to: head, unsent: 0 };
  }
  const unsent = oldestOf(store, query, head, serverName);
  if (unsent.length === 0) reattach();
  if (query.newest === true) {
    return { epoch, pdus: newestOf(store, query, head, serverName), to: head, unsent: unsent.length };
  }
  const pdus = unsent.slice(0, query.limit);
  const to = pdus.length === unsent.length ? head : (pdus.at(-1)?.pos ?? head);
  return { epoch, pdus, to, unsent: unsent.length };
}

/** What the server was sent and did not take, to be sent as it was. Changes nothing. */
export function rangeOnceMore(
  store: RoomStore,
  { server, epoch, from, limit }: DestinationQuery,
  to: number,
  serverName: ServerName,
): DestinationAnswer {
  const now = { epoch: store.meta.epoch(), to };
  if (now.epoch !== epoch) return { ...now, pdus: [], unsent: 0 };
  const pdus: OutgoingPdu[] = [];
  for (let at = from; at < to && pdus.length < limit;) {
    const range = destinationRange(store, server, at, to, serverName);
    pdus.push(...range.pdus);
    at = range.to;
  }
  return { ...now, pdus: pdus.slice(0, limit), unsent: pdus.length };
}

/** In order, up to {@link COUNTED} and a few. */
function oldestOf(store: RoomStore, { server, from }: DestinationQuery, head: number, serverName: ServerName) {
  const found: OutgoingPdu[] = [];
  for (let at = from; at < head && found.length < COUNTED;) {
    const range = destinationRange(store, server, at, head, serverName);
    found.push(...range.pdus);
    at = range.to;
  }
  return found;
}

/** The last `limit` of all that lie behind `from`, in order. */
function newestOf(store: RoomStore, query: DestinationQuery, head: number, serverName: ServerName) {
  const { server, from, limit } = query;
  let found: readonly OutgoingPdu[] = [];
  for (let end = head; end > from && found.length < limit;) {
    const start = Math.max(from, end - RANGE_ROWS);
    found = [...destinationRange(store, server, start, end, serverName).pdus, ...found];
    end = start;
  }
  return found.slice(-limit);
}

/** The PDUs of `(from, to]` that go to one server; `to` is where the reading ended. */
function destinationRange(store: RoomStore, server: ServerName, from: number, to: number, serverName: ServerName) {
  const rows = store.stream.range(from, to, RANGE_ROWS);
  const pdus: OutgoingPdu[] = [];
  for (const row of rows) {
    if (row.kind !== 'event') continue;
    const event = store.events.get(row.eventId);
    if (event === undefined || !goesTo(store, event, server, serverName)) continue;
    pdus.push({ pos: row.pos, eventId: event.pdu.eventId, json: leavingJson(store, event) });
  }
  const last = rows.at(-1);
  return { to: rows.length < RANGE_ROWS || last === undefined ? to : last.pos, pdus };
}
