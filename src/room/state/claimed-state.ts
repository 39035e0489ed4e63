import { stateTuple, type StateTuple } from '../../matrix/event/state-map.ts';
import type { EventId } from '../../matrix/ids/brands.ts';
import type { RoomContext } from '../room-context.ts';
import type { StateRef } from '../store.ts';

/**
 * A state that another server claims, as its difference from the main line at `basePos`.
 * @param claim state events, all of them stored; rejected ones do not count.
 */
export function claimedState(ctx: RoomContext, claim: readonly EventId[], basePos: number): StateRef {
  const { store } = ctx;
  const claimed = new Map<StateTuple, EventId>();
  for (const eventId of claim) {
    const stored = store.events.get(eventId);
    if (stored?.pdu.stateKey === undefined || stored.status === 'rejected') continue;
    claimed.set(stateTuple(stored.pdu.type, stored.pdu.stateKey), eventId);
  }
  const changes = new Map<StateTuple, EventId | undefined>();
  const mainLine = store.state.allAt(basePos);
  for (const [tuple, eventId] of claimed) if (mainLine.get(tuple) !== eventId) changes.set(tuple, eventId);
  for (const tuple of mainLine.keys()) if (!claimed.has(tuple)) changes.set(tuple, undefined);
  return { pos: basePos, group: changes.size === 0 ? null : store.state.addGroup(basePos, changes) };
}
