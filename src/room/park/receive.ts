// How events of other servers come to a decision: each by itself, and what waited for them with them.
import type { Pdu } from '../../matrix/event/pdu.ts';
import { pduFromStored } from '../../matrix/event/stored-pdu.ts';
import type { EventId, ServerName } from '../../matrix/ids/brands.ts';
import { isJsonObject } from '../../matrix/json/json-value.ts';
import { parseJson } from '../../matrix/json/strict-json.ts';
import { decideByLife } from '../decide/decide-by-life.ts';
import { inGraph } from '../decide/find-missing.ts';
import { oldestFirst } from '../decide/oldest-first.ts';
import { placesInHoles } from '../decide/places-in-holes.ts';
import type { IncomingPdu, ParkedVerdict, Verdict } from '../decide/verdict.ts';
import type { RoomContext } from '../room-context.ts';
import type { HistoryKey, ParkedRow } from '../store.ts';
import { hasFailed, isRedactedCopy, parkFailed } from './park.ts';
import { isReady, takenUpWith } from './taken-up-with.ts';

/** A PDU as the Worker has checked it. */
export interface ReceivedPdu {
  readonly eventId: EventId;
  /** Canonical JSON without `unsigned`. */
  readonly json: string;
  readonly provisional?: boolean;
  readonly claim?: readonly EventId[];
  readonly isPolicyAsked?: boolean;
}

/**
 * Decides events in this order, each in a transaction of its own: one bad event takes back itself alone and is parked.
 * What failed before is not tried again because it is sent again.
 */
export function receive(
  ctx: RoomContext,
  origin: ServerName,
  pdus: readonly ReceivedPdu[],
): readonly (Verdict | ParkedVerdict)[] {
  const incoming = pdus.map((received) => readable(ctx, origin, received));
  const fresh = incoming.flatMap((each) =>
    each === undefined || inGraph(ctx.store, each.pdu.eventId) ? [] : [each.pdu],
  );
  const places = placesWithParked(
    ctx,
    fresh,
    pdus.map(({ eventId }) => eventId),
  );
  const verdicts = pdus.map((received, at): Verdict | ParkedVerdict => {
    const held = ctx.store.parked.get(received.eventId);
    if (hasFailed(held)) return { kind: 'parked', eventId: held.eventId, reason: held.reason };
    const each = incoming[at];
    return decideAlone(ctx, origin, received, each && { ...each, hole: places.get(received.eventId) ?? null });
  });
  takeUpParked(
    ctx,
    verdicts.filter(isDecided).map(({ eventId }) => eventId),
    places,
  );
  return verdicts;
}

type Places = ReadonlyMap<EventId, HistoryKey>;

/**
 * The places of events that come late, of which what follows the oldest may be ours already, or be parked and followed by
 * what is ours: then all between belongs below that, in this order.
 * @param fresh parents first.
 * @param arriving they and others, for which something may be parked.
 */
function placesWithParked(ctx: RoomContext, fresh: readonly Pdu[], arriving: readonly EventId[]): Places {
  const waiting = takenUpWith(ctx.store, arriving).flatMap((row) => {
    const each = readable(ctx, row.origin, row);
    return each === undefined ? [] : [each.pdu];
  });
  return placesInHoles(ctx.store, oldestFirst([...fresh, ...waiting].toReversed()));
}

/** Whether events that waited for this one may now be decided. */
const isDecided = ({ kind }: Verdict | ParkedVerdict) => kind !== 'needs' && kind !== 'refused' && kind !== 'parked';

/** One decision. What throws is parked with its reason; what is decided is parked no more. */
export function decideAlone(
  ctx: RoomContext,
  origin: ServerName,
  received: ReceivedPdu,
  incoming?: IncomingPdu,
): Verdict | ParkedVerdict {
  const { eventId } = received;
  const tried = ctx.attempt(() => {
    const verdict = decideByLife(ctx, incoming ?? incomingOf(ctx, origin, received));
    if (verdict.kind !== 'needs') ctx.store.parked.remove(eventId);
    return verdict;
  });
  if (tried.ok) return tried.value;
  parkFailed(ctx, origin, received, tried.reason);
  return { kind: 'parked', eventId, reason: 'internal' };
}

/** One that cannot be read fails in its own decision. */
function readable(ctx: RoomContext, origin: ServerName, received: ReceivedPdu): IncomingPdu | undefined {
  try {
    return incomingOf(ctx, origin, received);
  } catch {
    return undefined;
  }
}

function incomingOf(ctx: RoomContext, origin: ServerName, received: ReceivedPdu): IncomingPdu {
  const { eventId, json, provisional, claim, isPolicyAsked } = received;
  const parsed = parseJson(json);
  if (!parsed.ok || !isJsonObject(parsed.value)) throw new Error('a checked PDU is not JSON');
  const pdu = pduFromStored(ctx.rules, ctx.store.meta.roomId(), eventId, parsed.value);
  return {
    pdu,
    origin,
    provisional: provisional === true,
    ...(claim === undefined ? {} : { claim }),
    ...(isPolicyAsked === true ? { isPolicyAsked } : {}),
  };
}

/** Decides what waited for these events and lacks nothing any more; and what waited for that. */
export function takeUpParked(
  ctx: RoomContext,
  arrived: readonly EventId[],
  places: Places = placesWithParked(ctx, [], arrived),
): void {
  const { store } = ctx;
  const open = [...arrived];
  for (let eventId = open.pop(); eventId !== undefined; eventId = open.pop()) {
    for (const row of store.parked.waitingFor(eventId)) {
      if (isReady(row, (id) => inGraph(store, id)) && isDecided(takeUp(ctx, row, places))) open.push(row.eventId);
    }
  }
}

/** Decides a parked event whose signatures were verified, and then what waited for it. */
export function takeUpAgain(ctx: RoomContext, row: ParkedRow): void {
  const { eventId, origin } = row;
  const each = readable(ctx, origin, row);
  const places = placesWithParked(ctx, each === undefined ? [] : [each.pdu], [eventId]);
  takeUp(ctx, row, places);
  if (inGraph(ctx.store, eventId)) takeUpParked(ctx, [eventId], places);
}

function takeUp(ctx: RoomContext, row: ParkedRow, places: Places): Verdict | ParkedVerdict {
  const { eventId, origin, json } = row;
  const received = { eventId, json, provisional: isRedactedCopy(json) };
  const each = readable(ctx, origin, received);
  const hole = places.get(eventId);
  const verdict = decideAlone(ctx, origin, received, each && (hole === undefined ? each : { ...each, hole }));
  if (verdict.kind === 'needs') {
    ctx.store.parked.put({
      ...row,
      reason: 'missing',
      detail: undefined,
      missing: [...verdict.prev, ...verdict.auth],
    });
  }
  return verdict;
}
