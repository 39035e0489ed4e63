// History from before we were here: stored below the event whose parents we lack (contracts, sections 1 and 4).
import type { Pdu } from '../../matrix/event/pdu.ts';
import { stateTuple } from '../../matrix/event/state-map.ts';
import type { EventId } from '../../matrix/ids/brands.ts';
import { checkAuthEvents } from '../decide/check-auth-events.ts';
import { checkStateBefore } from '../decide/check-state-before.ts';
import { visibilityAt } from '../decide/event-visibility.ts';
import { applyHeldRedactions } from '../decide/redactions.ts';
import { inGraph } from '../decide/find-missing.ts';
import { hasSuccessor, moveEnds } from '../decide/extremities.ts';
import { placesInHoles } from '../decide/places-in-holes.ts';
import { oldestFirst } from '../decide/oldest-first.ts';
import type { Result } from '../../matrix/result.ts';
import { decisionFailed } from '../../observability/events.ts';
import { newEvent } from '../new-event.ts';
import type { RoomContext } from '../room-context.ts';
import { claimedState } from '../state/claimed-state.ts';
import { refOf, resolveRefs } from '../state/resolve.ts';
import { withChange } from '../state/state-at.ts';
import type { HistoryKey, StateRef, StoredEvent } from '../store.ts';

/** The state before an event, as a server tells it. */
export interface StateClaim {
  readonly eventId: EventId;
  readonly state: readonly EventId[];
}

/**
 * Stores a batch of earlier events, in the transaction that is open.
 * @param pdus in any order; what is known is passed over, what lacks auth events is left out.
 * @param claims the states before those whose parents stay unknown; one that is not stored whole does not count. An event
 * without a claim, and what follows it, is kept with its state unknown, and shown only where visibility can be told
 * without it.
 * @returns what was stored or has its state known at last, oldest first.
 */
export function backfill(ctx: RoomContext, pdus: readonly Pdu[], claims: readonly StateClaim[]): readonly EventId[] {
  const { store } = ctx;
  const batch = pdus.filter(
    (pdu) => !inGraph(store, pdu.eventId) && pdu.authEvents.every((id) => store.events.has(id)),
  );
  const sorted = oldestFirst(batch);
  const holes = placesInHoles(store, sorted);
  const placed = sorted.filter(({ eventId }) => holes.has(eventId));
  const claimOf = new Map(claims.map(({ eventId, state }) => [eventId, state]));
  const shown = new Map(placed.map(({ eventId }) => [eventId, store.events.get(eventId)?.history]));
  for (const pdu of placed) {
    // One that was kept with its state unknown stays where it is.
    const key = shown.get(pdu.eventId) ?? holes.get(pdu.eventId);
    if (key === undefined) continue;
    // One that cannot be resolved is kept with its state unknown; one that throws all the same is left out by itself.
    const before = ctx.attempt(() => beforeOf(ctx, pdu, () => claimed(ctx, key, claimOf.get(pdu.eventId))));
    const stored = ctx.attempt(() => storeBackfilled(ctx, pdu, key, before.ok ? before.value : undefined));
    const failed = before.ok ? stored : before;
    if (!failed.ok) {
      decisionFailed({ roomId: store.meta.roomId(), eventId: pdu.eventId, attempts: 1, error: failed.reason });
    }
  }
  joinEnds(ctx, placed);
  const isNew = (id: EventId) => shown.get(id) === undefined && store.events.get(id)?.history !== undefined;
  return placed.map(({ eventId }) => eventId).filter((id) => isNew(id) || inGraph(store, id));
}

/** Where the hole is closed, what was an end of the graph below it is none any more. */
function joinEnds(ctx: RoomContext, placed: readonly Pdu[]): void {
  const { store } = ctx;
  const ends = store.extremities.forward();
  const left = ends.filter((id) => !hasSuccessor(store, id));
  if (placed.length > 0 && left.length > 0 && left.length < ends.length) moveEnds(ctx, left);
}

/** As its difference from where the main line stood at the hole. */
function claimed(ctx: RoomContext, { anchor }: HistoryKey, claim: readonly EventId[] = []): StateRef | undefined {
  const isWhole = claim.length > 0 && claim.every((id) => ctx.store.events.has(id));
  return isWhole ? claimedState(ctx, claim, anchor - 1) : undefined;
}

/** Parents of which some are not known say nothing without a claim: the others may differ from what is missing. */
function beforeOf(ctx: RoomContext, pdu: Pdu, claim: () => StateRef | undefined): StateRef | undefined {
  const refs: StateRef[] = [];
  let isUnknown = false;
  for (const parent of pdu.prevEvents) {
    const after = ctx.store.events.get(parent)?.after;
    if (after === undefined) isUnknown = true;
    else refs.push(after);
  }
  if (pdu.prevEvents.length === 0) return { pos: 0, group: null };
  if (isUnknown) {
    const told = claim();
    if (told === undefined) return undefined;
    refs.push(told);
  }
  const [only] = refs;
  return refs.length === 1 && only !== undefined ? only : refOf(ctx, resolveRefs(ctx, refs));
}

function storeBackfilled(ctx: RoomContext, pdu: Pdu, key: HistoryKey, before: StateRef | undefined): void {
  const { store } = ctx;
  const verdict = verdictOf(ctx, pdu, before);
  const event: StoredEvent = {
    ...newEvent(ctx, pdu),
    ...(verdict.ok ? { status: 'accepted', history: key } : { status: 'rejected', reason: verdict.reason }),
    redactedBy: store.events.get(pdu.eventId)?.redactedBy,
    visibility: before === undefined ? undefined : visibilityAt(ctx, pdu, before),
    before,
    after: verdict.ok ? stateAfter(ctx, pdu, before) : before,
  };
  if (store.events.has(pdu.eventId)) store.events.update(event);
  else store.events.insert(event);
  store.extremities.removeBackward(pdu.eventId);
  for (const parent of pdu.prevEvents) if (!inGraph(store, parent)) store.extremities.addBackward(parent, pdu.eventId);
  if (verdict.ok) applyHeldRedactions(ctx, event);
}

function verdictOf(ctx: RoomContext, pdu: Pdu, before: StateRef | undefined): Result<void, string> {
  const byAuthEvents = checkAuthEvents(ctx, pdu);
  return byAuthEvents.ok && before !== undefined ? checkStateBefore(ctx, pdu, before) : byAuthEvents;
}

function stateAfter(ctx: RoomContext, pdu: Pdu, before: StateRef | undefined): StateRef | undefined {
  if (before === undefined || pdu.stateKey === undefined) return before;
  return withChange(ctx.store, before, stateTuple(pdu.type, pdu.stateKey), pdu.eventId);
}
