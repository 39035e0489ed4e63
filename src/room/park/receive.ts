// How events of other servers come to a decision: each by itself, and what waited for them with them.
import { pduFromStored } from '../../matrix/event/stored-pdu.ts';
import type { EventId, ServerName } from '../../matrix/ids/brands.ts';
import { isJsonObject } from '../../matrix/json/json-value.ts';
import { parseJson } from '../../matrix/json/strict-json.ts';
import { decideByLife } from '../decide/decide-by-life.ts';
import { inGraph } from '../decide/find-missing.ts';
import { placesInHoles } from '../decide/places-in-holes.ts';
import type { IncomingPdu, ParkedVerdict, Verdict } from '../decide/verdict.ts';
import type { RoomContext } from '../room-context.ts';
import type { ParkedRow } from '../store.ts';
import { hasFailed, isRedactedCopy, parkFailed } from './park.ts';

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
  // What follows the oldest of them may be ours already: then all between belongs below that, in this order.
  const holes = placesInHoles(ctx.store, fresh);
  const verdicts = pdus.map((received, at): Verdict | ParkedVerdict => {
    const held = ctx.store.parked.get(received.eventId);
    if (hasFailed(held)) return { kind: 'parked', eventId: held.eventId, reason: held.reason };
    const each = incoming[at];
    return decideAlone(ctx, origin, received, each && { ...each, hole: holes.get(received.eventId) ?? null });
  });
  takeUpParked(
    ctx,
    verdicts.filter(isDecided).map(({ eventId }) => eventId),
  );
  return verdicts;
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
export function takeUpParked(ctx: RoomContext, arrived: readonly EventId[]): void {
  const { store } = ctx;
  const open = [...arrived];
  for (let eventId = open.pop(); eventId !== undefined; eventId = open.pop()) {
    for (const row of store.parked.waitingFor(eventId)) {
      if (isReady(ctx, row) && isDecided(takeUp(ctx, row))) open.push(row.eventId);
    }
  }
}

/** Decides a parked event whose signatures were verified. */
export function takeUp(ctx: RoomContext, row: ParkedRow): Verdict | ParkedVerdict {
  const { eventId, json } = row;
  const verdict = decideAlone(ctx, row.origin, { eventId, json, provisional: isRedactedCopy(json) });
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

/** One whose signature was never verified is not taken up by itself. */
function isReady({ store }: RoomContext, row: ParkedRow): boolean {
  return row.reason === 'missing' && row.missing.every((id) => store.events.get(id)?.after !== undefined);
}
