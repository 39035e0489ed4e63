import type { Pdu } from '../../matrix/event/pdu.ts';
import { splitStateTuple, stateTuple, type StateMap, type StateTuple } from '../../matrix/event/state-map.ts';
import type { EventId } from '../../matrix/ids/brands.ts';
import type { RoomStore, StateRef } from '../store.ts';

/** Who holds (type, state_key) in a state. */
export function stateEventId(
  store: Pick<RoomStore, 'state'>,
  ref: StateRef,
  type: string,
  stateKey: string,
): EventId | undefined {
  if (ref.group !== null) {
    const changes = store.state.group(ref.group);
    const tuple = stateTuple(type, stateKey);
    if (changes.has(tuple)) return changes.get(tuple);
  }
  return store.state.at(type, stateKey, ref.pos);
}

/** The state as the authorization rules ask for it. */
export function authStateOf(
  store: Pick<RoomStore, 'state' | 'events'>,
  ref: StateRef,
): (type: string, stateKey: string) => Pdu | undefined {
  return (type, stateKey) => {
    const eventId = stateEventId(store, ref, type, stateKey);
    return eventId === undefined ? undefined : store.events.get(eventId)?.pdu;
  };
}

/** The whole state, for what must list it. */
export function fullState(store: Pick<RoomStore, 'state'>, ref: StateRef): StateMap {
  const all = store.state.allAt(ref.pos);
  if (ref.group !== null) {
    for (const [tuple, eventId] of store.state.group(ref.group)) {
      if (eventId === undefined) all.delete(tuple);
      else all.set(tuple, eventId);
    }
  }
  return all;
}

/** A state as its difference from the main line at `basePos`, which must not lie before it. */
export function deltaFrom(
  store: Pick<RoomStore, 'state'>,
  ref: StateRef,
  basePos: number,
): Map<StateTuple, EventId | undefined> {
  const delta = new Map<StateTuple, EventId | undefined>();
  if (ref.pos !== basePos) {
    for (const tuple of store.state.changesBetween(ref.pos, basePos).keys()) {
      const { type, stateKey } = splitStateTuple(tuple);
      // What the row says was there before is what clients had been told: an event may have entered the past since.
      delta.set(tuple, store.state.at(type, stateKey, ref.pos));
    }
  }
  if (ref.group !== null) for (const [tuple, eventId] of store.state.group(ref.group)) delta.set(tuple, eventId);
  return delta;
}

/** The state after an event that holds (type, state_key), given the state before it. */
export function withChange(
  store: Pick<RoomStore, 'state'>,
  before: StateRef,
  tuple: StateTuple,
  eventId: EventId,
): StateRef {
  const changes = new Map(before.group === null ? [] : store.state.group(before.group));
  changes.set(tuple, eventId);
  return { pos: before.pos, group: store.state.addGroup(before.pos, changes) };
}
