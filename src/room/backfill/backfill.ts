// History from before we were here: stored below the event whose parents we lack (contracts, sections 1 and 4).
import type { Pdu } from '../../matrix/event/pdu.ts';
import { stateTuple } from '../../matrix/event/state-map.ts';
import type { EventId } from '../../matrix/ids/brands.ts';
import { checkAuthEvents } from '../decide/check-auth-events.ts';
import { checkStateBefore } from '../decide/check-state-before.ts';
import { visibilityAt } from '../decide/event-visibility.ts';
import { applyHeldRedactions } from '../decide/redactions.ts';
import { inGraph } from '../decide/find-missing.ts';
import { lowestChild } from '../decide/lowest-child.ts';
import { oldestFirst } from '../decide/oldest-first.ts';
import type { Result } from '../../matrix/result.ts';
import { decisionFailed } from '../../observability/events.ts';
import { newEvent } from '../new-event.ts';
import type { RoomContext } from '../room-context.ts';
import { claimedState } from '../state/claimed-state.ts';
import { refOf, resolveRefs } from '../state/resolve.ts';
import { withChange } from '../state/state-at.ts';
import type { HistoryKey, StateRef, StoredEvent } from '../store.ts';

/**
 * Stores a batch of earlier events, in the transaction that is open.
 * @param pdus in any order; what is known is passed over, what lacks auth events is left out.
 * @param claim the state before those whose parents stay unknown, all of it stored; empty where nobody told it: such
 * events are then kept with their state unknown, and shown only where visibility can be told without it.
 */
export function backfill(ctx: RoomContext, pdus: readonly Pdu[], claim: readonly EventId[]): void {
  const { store } = ctx;
  const batch = pdus.filter(
    (pdu) => !inGraph(store, pdu.eventId) && pdu.authEvents.every((id) => store.events.has(id)),
  );
  const places = placesOf(ctx, oldestFirst(batch));
  const [oldest] = places;
  if (oldest === undefined) return;
  const claimed = claim.length === 0 ? undefined : claimedState(ctx, claim, oldest.basePos);
  for (const { pdu, key } of places) {
    // One that cannot be resolved is kept with its state unknown; one that throws all the same is left out by itself.
    const before = ctx.attempt(() => beforeOf(ctx, pdu, claimed));
    const stored = ctx.attempt(() => storeBackfilled(ctx, pdu, key, before.ok ? before.value : undefined));
    const failed = before.ok ? stored : before;
    if (!failed.ok) {
      decisionFailed({ roomId: store.meta.roomId(), eventId: pdu.eventId, attempts: 1, error: failed.reason });
    }
  }
}

interface Place {
  readonly pdu: Pdu;
  readonly key: HistoryKey;
  /** Where the main line stood at the hole. */
  readonly basePos: number;
}

/**
 * Each event goes into the hole below the earliest of its children: a batch may fill several. What none of ours follows
 * has no place and is left out.
 * @param sorted oldest first; so is the result.
 */
function placesOf(ctx: RoomContext, sorted: readonly Pdu[]): readonly Place[] {
  const { store } = ctx;
  const anchors = new Map<EventId, number>();
  const parents = new Map<EventId, EventId[]>();
  for (const pdu of sorted) {
    for (const id of pdu.prevEvents) parents.set(id, [...(parents.get(id) ?? []), pdu.eventId]);
  }
  const nextSub = new Map<number, number>();
  const places: Place[] = [];
  for (const pdu of sorted.toReversed()) {
    const fresh = (parents.get(pdu.eventId) ?? []).map((id) => anchors.get(id)).filter((at) => at !== undefined);
    const known = lowestChild(store, pdu.eventId)?.anchor;
    if (known === undefined && fresh.length === 0) continue;
    const anchor = Math.min(...fresh, ...(known === undefined ? [] : [known]));
    const sub = (nextSub.get(anchor) ?? store.history.lowestSub(anchor)) - 1;
    anchors.set(pdu.eventId, anchor);
    nextSub.set(anchor, sub);
    places.push({ pdu, key: { anchor, sub }, basePos: anchor - 1 });
  }
  return places.toReversed();
}

function beforeOf(ctx: RoomContext, pdu: Pdu, claimed: StateRef | undefined): StateRef | undefined {
  const refs: StateRef[] = [];
  let isUnknown = false;
  for (const parent of pdu.prevEvents) {
    const after = ctx.store.events.get(parent)?.after;
    if (after === undefined) isUnknown = true;
    else refs.push(after);
  }
  if (pdu.prevEvents.length === 0) return { pos: 0, group: null };
  if (isUnknown && claimed !== undefined) refs.push(claimed);
  if (refs.length === 0) return undefined;
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
