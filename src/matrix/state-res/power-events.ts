import type { Pdu } from '../event/pdu.ts';
import type { EventId } from '../ids/brands.ts';

/**
 * Whether an event might remove someone's ability to do something in the room.
 * NOTSPEC: power levels and join rules with a state key of their own, which authorize nothing, are not power events;
 * the specification does not mention the state key, and the homeservers in use agree on the empty one.
 * Source: Room Version 2, "Power events".
 */
export function isPowerEvent(event: Pdu): boolean {
  switch (event.type) {
    case 'm.room.power_levels':
    case 'm.room.join_rules':
      return event.stateKey === '';
    case 'm.room.member': {
      const { membership } = event.content;
      return (membership === 'leave' || membership === 'ban') && event.sender !== event.stateKey;
    }
    default:
      return false;
  }
}

/**
 * The power events of the full conflicted set, with those events of their auth chains that belong to the set as well.
 * NOTSPEC: chains are followed within the set. An event that is in a chain only by way of one outside the set is not
 * found; in version 12 there is none (what lies between is in the subgraph), before it only where a state is older than
 * its own auth chains. The homeservers in use follow them so.
 * @param fullConflictedSet those events of the set that are at hand.
 * @returns the events to sort in step 1 of the algorithm; any order. Source: Room Version 2, "Algorithm".
 */
export function powerEventsWithAuthChains(fullConflictedSet: ReadonlyMap<EventId, Pdu>): Map<EventId, Pdu> {
  const found = new Map<EventId, Pdu>();
  const stack = [...fullConflictedSet.values()].filter(isPowerEvent);
  for (let event = stack.pop(); event !== undefined; event = stack.pop()) {
    if (found.has(event.eventId)) continue;
    found.set(event.eventId, event);
    for (const id of event.authEvents) {
      const auth = fullConflictedSet.get(id);
      if (auth !== undefined) stack.push(auth);
    }
  }
  return found;
}
