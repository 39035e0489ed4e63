import type { Pdu, PduSource } from '../event/pdu.ts';
import type { EventId } from '../ids/brands.ts';
import { isEarlier } from './event-order.ts';
import { isPowerLevels } from './mainline.ts';
import type { WorkBudget } from './work-budget.ts';

/**
 * Sorts events by how recent a power levels event of the mainline they rest on: the mainline ordering.
 * @param list the events that are left after the power events; any order, no duplicates.
 * @param mainline the position of each event of the mainline, the most recent at 0; may be empty.
 * @returns first to apply first: larger position (none is the largest), lower origin_server_ts (ms), lower ID. In no
 * useful order once `work` is exhausted. Source: Room Version 2, "Mainline ordering".
 */
export function mainlineOrder(
  list: readonly Pdu[],
  mainline: ReadonlyMap<EventId, number>,
  events: PduSource,
  work: WorkBudget,
): Pdu[] {
  const positions = new MainlinePositions(mainline, events, work);
  const placed = list.map((event) => ({ event, position: positions.of(event) }));
  placed.sort((x, y) => {
    if (x.position !== y.position) return x.position > y.position ? -1 : 1;
    return isEarlier(x.event, y.event) ? -1 : 1;
  });
  return placed.map(({ event }) => event);
}

class MainlinePositions {
  readonly #mainline: ReadonlyMap<EventId, number>;
  readonly #events: PduSource;
  readonly #work: WorkBudget;
  /** The position that the walk finds from a power levels event on, that event included. */
  readonly #from = new Map<EventId, number>();

  constructor(mainline: ReadonlyMap<EventId, number>, events: PduSource, work: WorkBudget) {
    this.#mainline = mainline;
    this.#events = events;
    this.#work = work;
  }

  /** The event itself does not count, even if it is a power levels event of the mainline. */
  of(event: Pdu): number {
    const passed: EventId[] = [];
    let position: number | undefined;
    let next = this.#powerLevelsOf(event);
    while (next !== undefined && this.#work.spend()) {
      position = this.#mainline.get(next) ?? this.#from.get(next);
      if (position !== undefined) break;
      // Answers for a walk that comes by here again, were the auth events of a forged room to form a ring.
      this.#from.set(next, Infinity);
      passed.push(next);
      const powerLevels = this.#events(next);
      next = powerLevels && this.#powerLevelsOf(powerLevels);
    }
    for (const id of passed) this.#from.set(id, position ?? Infinity);
    return position ?? Infinity;
  }

  #powerLevelsOf(event: Pdu): EventId | undefined {
    return event.authEvents.find(
      (id) => this.#mainline.has(id) || this.#from.has(id) || isPowerLevels(this.#events(id)),
    );
  }
}
