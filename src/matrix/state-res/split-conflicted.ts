import type { StateTuple } from '../event/state-map.ts';
import type { EventId } from '../ids/brands.ts';
import type { BaseState, StateDelta } from './resolve-input.ts';

/** The keys that some set changes, divided. A key that no set changes is the base's, and unconflicted. */
export interface SplitState {
  /** The keys without conflict, with their value; `undefined`: no set has the key. */
  readonly unconflicted: ReadonlyMap<StateTuple, EventId | undefined>;
  /** The conflicted keys, with the value in each set in the order of the sets; `undefined`: the set lacks the key. */
  readonly conflicted: ReadonlyMap<StateTuple, readonly (EventId | undefined)[]>;
  /** All keys of both. */
  readonly touched: { has(tuple: StateTuple): boolean };
}

/**
 * Divides the changed keys into the unconflicted state map and the conflicted state set.
 * @param absenceConflicts whether a key that only some sets have is conflicted: since version 2 it is; in version 1 a
 * conflict takes two different events.
 * Source: Room Version 2, "Unconflicted state map and conflicted state set"; Room Version 1, "State resolution".
 */
export function splitConflicted(
  base: BaseState,
  sets: readonly StateDelta[],
  { absenceConflicts }: { absenceConflicts: boolean },
): SplitState {
  const unconflicted = new Map<StateTuple, EventId | undefined>();
  const conflicted = new Map<StateTuple, readonly (EventId | undefined)[]>();
  for (const { changes } of sets) {
    for (const tuple of changes.keys()) {
      if (unconflicted.has(tuple) || conflicted.has(tuple)) continue;
      const values = valuesOf(tuple, base, sets);
      const distinct = new Set(values);
      if (!absenceConflicts && distinct.size > 1) distinct.delete(undefined);
      const [only] = distinct;
      if (distinct.size > 1) conflicted.set(tuple, values);
      else unconflicted.set(tuple, only);
    }
  }
  return { unconflicted, conflicted, touched: { has: (tuple) => unconflicted.has(tuple) || conflicted.has(tuple) } };
}

function valuesOf(tuple: StateTuple, base: BaseState, sets: readonly StateDelta[]): readonly (EventId | undefined)[] {
  const inBase = base(tuple);
  return sets.map(({ changes }) => (changes.has(tuple) ? changes.get(tuple) : inBase));
}
