// Parked events are tried again by time (contracts, section 4): the room plans and decides, others fetch for it.
import type { EventId, ServerName } from '../../matrix/ids/brands.ts';
import type { RoomContext } from '../room-context.ts';
import type { ParkedRow } from '../store.ts';
import { nextRetryAt, retryAfterWait } from './back-off.ts';
import { MAX_FAILURES } from './park.ts';
import { takeUpAgain } from './receive.ts';

/** Events of one run: what waits for them is decided with them. */
const MAX_PER_RUN = 20;

/** A room that is being joined decides nothing yet. */
const JOINING_MS = 60_000;

export interface RetryPlan {
  /** What the room decides itself: nothing is missing, its decision threw. */
  readonly here: readonly EventId[];
  /** What the `Destination` of a server fetches for. */
  readonly asked: ReadonlyMap<ServerName, readonly ParkedRow[]>;
  /** Other servers of the room: who is asked where one is left alone for now. */
  readonly others: readonly ServerName[];
}

/**
 * Chooses what is tried now and raises its attempts, which the caller commits before it begins: an event that kills
 * the object does so three times at most.
 */
export function beginRetries(ctx: RoomContext): RetryPlan {
  const { store, now } = ctx;
  const here: EventId[] = [];
  const asked = new Map<ServerName, ParkedRow[]>();
  const lifecycle = store.meta.lifecycle();
  if (lifecycle !== 'live') {
    // In a room that we are not in nothing is decided any more.
    store.parked.putOff(now, lifecycle === 'joining' ? now + JOINING_MS : undefined);
    return { here, asked, others: [] };
  }
  const others = store.state.serversAt(store.stream.head()).filter((server) => server !== ctx.serverName);
  for (const row of store.parked.due(now, MAX_PER_RUN)) {
    const attempts = row.attempts + 1;
    if (row.reason === 'internal' && row.attempts >= MAX_FAILURES) {
      store.parked.put({ ...row, reason: 'crashed', retryAt: undefined });
      continue;
    }
    store.parked.put({ ...row, attempts, retryAt: nextRetryAt(row.parkedTs, attempts, now) });
    if (row.reason === 'internal') here.push(row.eventId);
    else {
      const server = serverFor(row, others);
      asked.set(server, [...(asked.get(server) ?? []), row]);
    }
  }
  return { here, asked, others };
}

/** The server that sent it, and every other time another one of the room: the sender may be gone for good. */
function serverFor({ origin, attempts }: ParkedRow, servers: readonly ServerName[]): ServerName {
  const others = servers.filter((server) => server !== origin);
  return attempts % 2 === 0 ? origin : (others[((attempts - 1) / 2) % others.length] ?? origin);
}

/** No server could be asked: the try is not counted. @param until when the first of them may be asked again (ms). */
export function giveBackTry({ store, now }: RoomContext, tried: readonly ParkedRow[], until: number): void {
  for (const before of tried) {
    const row = store.parked.get(before.eventId);
    if (row?.attempts !== before.attempts + 1 || row.reason !== before.reason) continue;
    store.parked.put({ ...row, attempts: before.attempts, retryAt: retryAfterWait(row.parkedTs, until, now) });
  }
}

/** Decides again what failed, each in a transaction of its own; what waited for it goes on. */
export function retryHere(ctx: RoomContext, eventIds: readonly EventId[]): void {
  for (const eventId of eventIds) {
    const row = ctx.store.parked.get(eventId);
    if (row === undefined) continue;
    takeUpAgain(ctx, row);
  }
}

/**
 * An administrator's hand: these events, or all, are tried at once, and from then on as long as new ones.
 * @returns how many.
 */
export function retryNow({ store, now }: RoomContext, eventIds: readonly EventId[] | undefined): number {
  if (eventIds === undefined) return store.parked.renew(now);
  const rows = eventIds.map((id) => store.parked.get(id)).filter((row) => row !== undefined);
  for (const row of rows) {
    const reason = row.reason === 'crashed' ? 'internal' : row.reason;
    store.parked.put({ ...row, reason, attempts: 0, parkedTs: now, retryAt: now });
  }
  return rows.length;
}
