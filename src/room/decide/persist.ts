// The last step of a decision: writes the event and moves extremities, state and stream.
import { stateTuple } from '../../matrix/event/state-map.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import { newEvent } from '../new-event.ts';
import type { RoomContext } from '../room-context.ts';
import type { ResolvedState } from '../state/resolve.ts';
import { withChange } from '../state/state-at.ts';
import type { EventStatus, StateRef, StoredEvent } from '../store.ts';
import { visibilityAt } from './event-visibility.ts';
import { extremitiesWith, moveEnds, replaceForwardExtremities } from './extremities.ts';
import { inGraph } from './find-missing.ts';
import { holeOf } from './hole-of.ts';
import { holesBelow } from './holes-below.ts';
import { applyHeldRedactions, redactionTarget } from './redactions.ts';
import { setCurrentState } from './set-current-state.ts';
import type { IncomingPdu, Verdict } from './verdict.ts';

interface Decision {
  readonly incoming: IncomingPdu;
  readonly before: StateRef;
  readonly status: Exclude<EventStatus, 'outlier'>;
  readonly reason?: string;
}

export function persist(ctx: RoomContext, decision: Decision): Verdict {
  const { incoming, before, status, reason } = decision;
  const { pdu } = incoming;
  if (status === 'accepted') persistAccepted(ctx, incoming, before);
  else write(ctx, { ...unplaced(ctx, incoming, before), status, reason, after: stateAfter(ctx, pdu, before, status) });
  for (const parent of pdu.prevEvents) {
    // An outlier among them is no more of our history than what we do not know.
    if (!inGraph(ctx.store, parent)) ctx.store.extremities.addBackward(parent, pdu.eventId);
  }
  if (status === 'accepted') return { kind: 'accepted', eventId: pdu.eventId };
  return { kind: status, eventId: pdu.eventId, reason: reason ?? '' };
}

function persistAccepted(ctx: RoomContext, incoming: IncomingPdu, before: StateRef): void {
  const { store } = ctx;
  const { pdu } = incoming;
  const event = unplaced(ctx, incoming, before);
  const isAfterHead = before.group === null && before.pos === store.stream.head();
  const placed = place(ctx, event, incoming);
  const extremities = extremitiesWith(store, pdu);
  const isOnly = extremities.length === 1 && extremities[0] === pdu.eventId;
  if (isOnly && isAfterHead && pdu.stateKey === undefined) {
    // No state changes: what the head is now is the state after it.
    write(ctx, { ...placed, after: { pos: store.stream.head(), group: null } });
    replaceForwardExtremities(store, extremities);
  } else if (isOnly) {
    // The row comes first: what follows looks the event up.
    write(ctx, placed);
    replaceForwardExtremities(store, extremities);
    setCurrentState(ctx, plainState(ctx, pdu, before));
    store.events.update({ ...placed, after: { pos: store.stream.head(), group: null } });
  } else {
    write(ctx, { ...placed, after: stateAfter(ctx, pdu, before, 'accepted') });
    moveEnds(ctx, extremities);
  }
  applyHeldRedactions(ctx, placed);
}

/**
 * A redaction has no place until it can be applied. An event that others of ours follow already belongs into the hole
 * below them; any other is new, and comes after a gap when what was before it is missing.
 */
function place(ctx: RoomContext, event: StoredEvent, incoming: IncomingPdu): StoredEvent {
  const { store } = ctx;
  const { eventId, type } = event.pdu;
  if (type === 'm.room.redaction' && redactionTarget(ctx, event) === undefined) return event;
  const key = holeOf(store, incoming);
  if (key !== undefined) return { ...event, history: key };
  const holes = holesBelow(store, event.pdu);
  if (holes.length > 0) store.stream.append({ kind: 'gap' });
  // Whoever pages back from here finds the hole by this event.
  for (const missing of holes) store.extremities.addBackward(missing, eventId);
  const pos = store.stream.append({ kind: 'event', eventId });
  return { ...event, pos, history: { anchor: pos, sub: 0 } };
}

function unplaced(ctx: RoomContext, incoming: IncomingPdu, before: StateRef): StoredEvent {
  const { pdu, provisional } = incoming;
  // What is taken up in the same turn is not what was called for.
  const isOwn = incoming.origin === ctx.serverName && userIdServer(pdu.sender) === ctx.serverName;
  return {
    ...newEvent(ctx, pdu),
    status: 'accepted',
    provisional,
    visibility: visibilityAt(ctx, pdu, before),
    before,
    appservice: isOwn ? ctx.appservice : undefined,
    relayedFrom: incoming.isRelayed === true ? incoming.origin : undefined,
  };
}

/** An outlier or a provisional copy keeps its row and gets the new verdict. */
function write(ctx: RoomContext, event: StoredEvent): void {
  const { events, extremities } = ctx.store;
  if (events.has(event.pdu.eventId)) events.update(event);
  else events.insert(event);
  extremities.removeBackward(event.pdu.eventId);
}

function stateAfter(ctx: RoomContext, pdu: Pdu, before: StateRef, status: EventStatus): StateRef {
  if (status === 'rejected' || pdu.stateKey === undefined) return before;
  return withChange(ctx.store, before, stateTuple(pdu.type, pdu.stateKey), pdu.eventId);
}

/** The state after an event as a difference, without storing it. */
function plainState(ctx: RoomContext, pdu: Pdu, before: StateRef): ResolvedState {
  const changes = new Map(before.group === null ? [] : ctx.store.state.group(before.group));
  if (pdu.stateKey !== undefined) changes.set(stateTuple(pdu.type, pdu.stateKey), pdu.eventId);
  return { pos: before.pos, changes };
}
