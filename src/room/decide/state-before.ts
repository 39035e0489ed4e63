import type { Pdu } from '../../matrix/event/pdu.ts';
import type { EventId } from '../../matrix/ids/brands.ts';
import type { RoomContext } from '../room-context.ts';
import { claimedState } from '../state/claimed-state.ts';
import { refOf, resolveRefs } from '../state/resolve.ts';
import type { StateRef } from '../store.ts';
import type { IncomingPdu } from './verdict.ts';

/**
 * The state before an event: its parents' states after them, resolved. With a claim, the claim is one more state to
 * resolve and never taken alone (contracts, section 4.4).
 */
export function stateBefore(ctx: RoomContext, { pdu, claim }: IncomingPdu): StateRef {
  const { store } = ctx;
  if (pdu.prevEvents.length === 0) return { pos: 0, group: null };
  if (claim === undefined && isWholeFrontier(ctx, pdu)) return { pos: store.stream.head(), group: null };
  return stateAfterParents(ctx, pdu, claim);
}

/** The states after the parents that are known, and what is claimed for the others, resolved. */
export function stateAfterParents(ctx: RoomContext, pdu: Pdu, claim?: readonly EventId[]): StateRef {
  const { store } = ctx;
  const refs: StateRef[] = [];
  for (const parent of pdu.prevEvents) {
    const after = store.events.get(parent)?.after;
    if (after !== undefined) refs.push(after);
  }
  if (claim !== undefined) refs.push(claimedState(ctx, claim, store.stream.head()));
  const [only] = refs;
  return refs.length === 1 && only !== undefined ? only : refOf(ctx, resolveRefs(ctx, refs));
}

/** Whether the event follows exactly our forward extremities: then the state before it is the current state. */
export function isWholeFrontier(ctx: RoomContext, pdu: Pdu): boolean {
  const forward = ctx.store.extremities.forward();
  return forward.length === new Set(pdu.prevEvents).size && forward.every((id) => pdu.prevEvents.includes(id));
}
