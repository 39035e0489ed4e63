import type { Pdu } from '../../matrix/event/pdu.ts';
import type { EventId } from '../../matrix/ids/brands.ts';
import type { RoomContext } from '../room-context.ts';
import { resolveRefs } from '../state/resolve.ts';
import type { RoomStore } from '../store.ts';
import { setCurrentState } from './set-current-state.ts';

type Graph = Pick<RoomStore, 'events' | 'extremities'>;

/** An event whose children do not count as successors: it is not in the graph that new events build on. */
function isPassedThrough(store: Graph, eventId: EventId): boolean {
  const status = store.events.get(eventId)?.status;
  return status === 'rejected' || status === 'soft_failed';
}

/**
 * The forward extremities once `pdu` is accepted: the old ones and it, minus everything they reach through parents,
 * rejected and soft-failed parents included (contracts, section 4.7).
 */
export function extremitiesWith(store: Graph, pdu: Pdu): readonly EventId[] {
  const reached = new Set<EventId>();
  const open = [...pdu.prevEvents];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (reached.has(id)) continue;
    reached.add(id);
    if (isPassedThrough(store, id)) open.push(...(store.events.get(id)?.pdu.prevEvents ?? []));
  }
  const kept = store.extremities.forward().filter((id) => !reached.has(id) && id !== pdu.eventId);
  return hasSuccessor(store, pdu.eventId) ? kept : [...kept, pdu.eventId];
}

/** Whether something accepted follows the event already, as when a hole is filled from below. */
export function hasSuccessor(store: Graph, eventId: EventId): boolean {
  const seen = new Set<EventId>();
  const open = [...store.events.children(eventId)];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const child = store.events.get(id);
    if (child === undefined || child.after === undefined) continue;
    if (!isPassedThrough(store, id)) return true;
    open.push(...store.events.children(id));
  }
  return false;
}

/** Makes these the forward extremities, and the current state what the states after them resolve to. */
export function moveEnds(ctx: RoomContext, next: readonly EventId[]): void {
  const { store } = ctx;
  replaceForwardExtremities(store, next);
  const refs = next.map((id) => store.events.get(id)?.after).filter((ref) => ref !== undefined);
  setCurrentState(ctx, resolveRefs(ctx, refs));
}

export function replaceForwardExtremities(store: Graph, next: readonly EventId[]): void {
  const before = new Set(store.extremities.forward());
  for (const id of next) if (!before.delete(id)) store.extremities.addForward(id);
  for (const id of before) store.extremities.removeForward(id);
}
