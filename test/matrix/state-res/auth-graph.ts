import type { Pdu, PduSource } from '../../../src/matrix/event/pdu.ts';
import { stateTuple, type StateMap, type StateTuple } from '../../../src/matrix/event/state-map.ts';
import type { EventId } from '../../../src/matrix/ids/brands.ts';
import { aPdu, type EventDraft } from '../../support/core/a-pdu.ts';
import { alice } from '../../support/core/a-user.ts';
import { rulesOf } from '../../support/core/rules-of.ts';

interface EventSketch extends Partial<EventDraft> {
  readonly auth?: readonly string[];
}

/** Events by short names: the names of the auth events, or more. If nothing is said, member events of their own key. */
export type Sketch = Readonly<Record<string, readonly string[] | EventSketch>>;

export const idOf = (name: string): EventId => `$${name}` as EventId;

export const namesOf = (ids: Iterable<EventId>): string[] => Array.from(ids, (id) => id.slice(1)).toSorted();

/** A graph of auth events. An event that is only named is not at hand. */
export function authGraph(sketch: Sketch): { events: ReadonlyMap<EventId, Pdu>; source: PduSource } {
  const events = new Map<EventId, Pdu>();
  for (const [name, given] of Object.entries(sketch)) {
    const { auth = [], ...draft }: EventSketch = isList(given) ? { auth: given } : given;
    const event = aPdu(rulesOf('11'), {
      type: 'm.room.member',
      sender: alice,
      stateKey: name,
      ...draft,
      eventId: idOf(name),
      authEvents: auth.map(idOf),
    });
    events.set(event.eventId, event);
  }
  return { events, source: (id) => events.get(id) };
}

const isList = (given: readonly string[] | EventSketch): given is readonly string[] => Array.isArray(given);

/** The key of a member event of {@link authGraph}. */
export const keyOf = (name: string): StateTuple => stateTuple('m.room.member', name);

export const stateOf = (...names: readonly string[]): StateMap =>
  new Map(names.map((name) => [keyOf(name), idOf(name)]));
