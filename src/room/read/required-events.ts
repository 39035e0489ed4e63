import { coversRequired, elementsOf, isRequired, type RequiredState } from '../../matrix/event/required-state.ts';
import { splitStateTuple, stateTuple, type StateTuple } from '../../matrix/event/state-map.ts';
import type { EventId } from '../../matrix/ids/brands.ts';
import type { RoomStore, StoredEvent } from '../store.ts';
import { valuesAt } from './read-range.ts';

/** Keys of one type that are given at most. */
const ALL = 1_000_000;

export interface RequiredQuery {
  /** `undefined`: the client knows nothing of the room. */
  readonly from: number | undefined;
  readonly to: number;
  readonly required: readonly RequiredState[];
  /** What the client is up to date with at `from`. */
  readonly known: readonly RequiredState[];
  /** Members that are needed besides. */
  readonly members: ReadonlySet<string>;
  /** Whether changes of members are told that are loaded lazily. */
  readonly withMemberChanges: boolean;
}

/** Of the keys that a client wants, what is news to it, as the state is at `to`. */
export interface RequiredEvents {
  readonly ids: ReadonlySet<EventId>;
  /** Keys that nobody holds any more. */
  readonly removed: readonly StateTuple[];
}

/** Source: MSC4186, "Changes to `required_state`", "Lazy loaded memberships". */
export function requiredEvents(store: RoomStore, query: RequiredQuery): RequiredEvents {
  const { from, to, required, known, members } = query;
  const ids = new Set<EventId>();
  const removed: StateTuple[] = [];
  const isLazy = required.some(({ lazyMembers }) => lazyMembers);
  if (isLazy) for (const id of valuesAt(store, membersOf(members), to)) ids.add(id);
  if (from === undefined) {
    for (const id of namedAt(store, required, to)) ids.add(id);
    return { ids, removed };
  }
  for (const [tuple, before] of store.state.changesBetween(from, to)) {
    const { type, stateKey } = splitStateTuple(tuple);
    const isMemberChange = isLazy && query.withMemberChanges && type === 'm.room.member';
    if (!isMemberChange && !isRequired(required, type, stateKey)) continue;
    const id = store.state.at(type, stateKey, to);
    if (id !== undefined) ids.add(id);
    else if (before !== undefined) removed.push(tuple);
  }
  if (!coversRequired(known, required)) for (const id of namedAt(store, required, to, known)) ids.add(id);
  return { ids, removed };
}

/** What the wishes name and `known` does not. */
function namedAt(
  store: RoomStore,
  required: readonly RequiredState[],
  to: number,
  known: readonly RequiredState[] = [],
): readonly EventId[] {
  const isNamed = ({ pdu: { type, stateKey = '' } }: StoredEvent) =>
    isRequired(required, type, stateKey) && !isRequired(known, type, stateKey);
  const elements = elementsOf(required);
  if (elements === undefined) {
    return [...store.state.allAt(to)]
      .filter(([tuple]) => {
        const { type, stateKey } = splitStateTuple(tuple);
        return isRequired(required, type, stateKey) && !isRequired(known, type, stateKey);
      })
      .map(([, id]) => id);
  }
  const candidates = elements.flatMap(({ type, stateKey }) => {
    if (stateKey === undefined) return store.state.ofTypeAt(type, to, ALL);
    const id = store.state.at(type, stateKey, to);
    return id === undefined ? [] : [id];
  });
  return candidates.filter((id) => {
    const event = store.events.get(id);
    return event !== undefined && isNamed(event);
  });
}

function membersOf(users: ReadonlySet<string>): readonly StateTuple[] {
  return [...users].map((user) => stateTuple('m.room.member', user));
}
