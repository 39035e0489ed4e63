import type { Pdu, PduSource } from '../event/pdu.ts';
import type { EventId } from '../ids/brands.ts';
import type { WorkBudget } from './work-budget.ts';

/**
 * The mainline of a power levels event: it, the one among its auth events, the one among that one's, and so on.
 * @param powerLevels the ID of the power levels event in the partially resolved state; `undefined` if it has none.
 * @returns the position of each event of the mainline: 0 for `powerLevels` itself, larger for earlier ones. Incomplete
 * once `work` is exhausted. It ends at an event that is not at hand. Source: Room Version 2, "Mainline ordering".
 */
export function mainlineOf(
  powerLevels: EventId | undefined,
  events: PduSource,
  work: WorkBudget,
): ReadonlyMap<EventId, number> {
  const positions = new Map<EventId, number>();
  let next = powerLevels;
  while (next !== undefined && !positions.has(next) && work.spend()) {
    positions.set(next, positions.size);
    next = events(next)?.authEvents.find((id) => isPowerLevels(events(id)));
  }
  return positions;
}

/** Whether an event sets the power levels of its room. */
export function isPowerLevels(event: Pdu | undefined): boolean {
  return event?.type === 'm.room.power_levels' && event.stateKey === '';
}
