import { splitStateTuple, type StateTuple } from '../../matrix/event/state-map.ts';
import type { EventId } from '../../matrix/ids/brands.ts';
import type { RoomContext } from '../room-context.ts';
import type { ResolvedState } from '../state/resolve.ts';
import { deltaFrom } from '../state/state-at.ts';

/**
 * Moves the main line to a state: one `state` row for each key that changed, whether or not the event that brought
 * the change has a row of its own (contracts, section 1).
 */
export function setCurrentState(ctx: RoomContext, target: ResolvedState): void {
  const { store } = ctx;
  const head = store.stream.head();
  const changes: Map<StateTuple, EventId | undefined> =
    target.pos === head ? new Map() : deltaFrom(store, { pos: target.pos, group: null }, head);
  for (const [tuple, eventId] of target.changes) changes.set(tuple, eventId);
  for (const [tuple, eventId] of changes) {
    const { type, stateKey } = splitStateTuple(tuple);
    const before = store.state.at(type, stateKey, head);
    if (before === eventId) continue;
    const pos = store.stream.append({ kind: 'state', type, stateKey, eventId, before });
    store.state.change(type, stateKey, eventId, pos, membershipOf(ctx, type, eventId));
  }
}

function membershipOf(ctx: RoomContext, type: string, eventId: EventId | undefined): string | undefined {
  if (type !== 'm.room.member' || eventId === undefined) return undefined;
  const membership = ctx.store.events.get(eventId)?.pdu.content['membership'];
  return typeof membership === 'string' ? membership : undefined;
}
