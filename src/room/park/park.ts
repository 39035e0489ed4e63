// What cannot be decided waits here with its reason (contracts, section 4).
import { contentHashHolds } from '../../matrix/event/hashes.ts';
import type { EventId, ServerName } from '../../matrix/ids/brands.ts';
import { isJsonObject } from '../../matrix/json/json-value.ts';
import { parseJson } from '../../matrix/json/strict-json.ts';
import { decisionFailed } from '../../observability/events.ts';
import type { RoomContext } from '../room-context.ts';
import type { ParkedRow } from '../store.ts';
import { firstRetryAt } from './back-off.ts';

export interface ParkInput {
  readonly eventId: EventId;
  /** Canonical JSON without `unsigned`. */
  readonly json: string;
  readonly missing: readonly EventId[];
  /** The server whose key could not be fetched: its signature is not verified yet. */
  readonly unverified?: ServerName;
  /** It ended this object again and again: it is kept and not decided. */
  readonly crashed?: boolean;
  /** We asked for it, as the parent of another. */
  readonly isPulled?: boolean;
}

/** Parked events of an origin in a room; past it the oldest give way (contracts, section 9). */
const MAX_PARKED = 1_000;
const MAX_PARKED_BYTES = 16 * 1024 * 1024;

/** A decision that threw, or killed the object, this often is not tried again by itself. */
export const MAX_FAILURES = 3;

/** Parking what is decided already changes nothing; of what is parked already, it says anew what is missing. */
export function park(ctx: RoomContext, origin: ServerName, pdus: readonly ParkInput[]): void {
  const { store } = ctx;
  for (const input of pdus) {
    const { eventId } = input;
    if (store.events.get(eventId)?.after !== undefined) continue;
    const held = store.parked.get(eventId);
    if (input.crashed === true) store.parked.put(crashedRow(held ?? newRow(ctx, origin, input)));
    else if (held === undefined) store.parked.put({ ...newRow(ctx, origin, input), ...whyOf(input) });
    else if (isBetter(held, input)) {
      const json = isRedactedCopy(input.json) && held.reason !== 'unverified' ? held.json : input.json;
      store.parked.put({ ...held, json, ...whyOf(input), isPulled: held.isPulled || input.isPulled === true });
    }
  }
  store.parked.trim(origin, MAX_PARKED, MAX_PARKED_BYTES);
}

/** Keeps an event whose decision threw. */
export function parkFailed(
  ctx: RoomContext,
  origin: ServerName,
  { eventId, json }: Pick<ParkInput, 'eventId' | 'json'>,
  error: string,
): void {
  const { store } = ctx;
  const held = store.parked.get(eventId);
  const attempts = held?.reason === 'internal' ? held.attempts : 1;
  const isLast = attempts >= MAX_FAILURES;
  decisionFailed({ roomId: store.meta.roomId(), eventId, attempts, error });
  const row = held ?? newRow(ctx, origin, { eventId, json });
  store.parked.put({
    ...row,
    reason: isLast ? 'crashed' : 'internal',
    detail: error.slice(0, 500),
    missing: [],
    attempts,
    retryAt: isLast ? undefined : held?.reason === 'internal' ? held.retryAt : firstRetryAt(ctx.now),
  });
  store.parked.trim(origin, MAX_PARKED, MAX_PARKED_BYTES);
}

/** Whether nothing may be decided of it but by its own tries. */
export function hasFailed(row: ParkedRow | undefined): row is ParkedRow {
  return row?.reason === 'internal' || row?.reason === 'crashed';
}

function crashedRow(row: Omit<ParkedRow, 'reason' | 'detail'>): ParkedRow {
  const detail = 'the room did not survive its decision';
  return { ...row, reason: 'crashed', detail, missing: [], attempts: MAX_FAILURES, retryAt: undefined };
}

function newRow(
  ctx: RoomContext,
  origin: ServerName,
  { eventId, json, isPulled = false }: Pick<ParkInput, 'eventId' | 'json' | 'isPulled'>,
) {
  const retryAt = firstRetryAt(ctx.now);
  return { eventId, origin, json, missing: [], attempts: 0, parkedTs: ctx.now, retryAt, isPulled };
}

function whyOf({ missing, unverified }: ParkInput): Pick<ParkedRow, 'reason' | 'detail' | 'missing'> {
  return { reason: unverified === undefined ? 'missing' : 'unverified', detail: unverified, missing };
}

/** A copy that was verified is not given up for one that was not. */
function isBetter(held: ParkedRow, { unverified }: ParkInput): boolean {
  return held.reason === 'unverified' || (held.reason === 'missing' && unverified === undefined);
}

/** Held redacted for its content hash: an intact copy may replace it. */
export function isRedactedCopy(json: string): boolean {
  const parsed = parseJson(json);
  return !parsed.ok || !isJsonObject(parsed.value) || !contentHashHolds(parsed.value);
}
