import { userPowerLevel } from '../auth/power-levels.ts';
import type { Pdu } from '../event/pdu.ts';
import { stateTuple, type StateTuple } from '../event/state-map.ts';
import type { EventId } from '../ids/brands.ts';
import { authDifference } from './auth-difference.ts';
import { conflictedSubgraph } from './conflicted-subgraph.ts';
import { iterativeAuthChecks, PartialState } from './iterative-auth-checks.ts';
import { mainlineOrder } from './mainline-order.ts';
import { mainlineOf } from './mainline.ts';
import { powerEventsWithAuthChains } from './power-events.ts';
import type { ResolvedDelta, ResolveInput } from './resolve-input.ts';
import { reverseTopologicalPowerOrder } from './reverse-topological-power-order.ts';
import { splitConflicted, type SplitState } from './split-conflicted.ts';
import { stateOfAuthEvents } from './state-of-auth-events.ts';
import type { WorkBudget } from './work-budget.ts';

/**
 * Resolves states by the algorithm of version 2, or with the two changes of version 12 where the room version has them
 * (2.1: the checks start from an empty state, and the conflicted state subgraph is replayed too). Incomplete once
 * `work` is exhausted.
 * Source: Room Version 2 and Room Version 12, "State resolution".
 */
export function resolveV2(input: ResolveInput, work: WorkBudget): ResolvedDelta {
  const { rules, events } = input;
  const split = splitConflicted(input.base, input.sets, { absenceConflicts: true });
  if (split.conflicted.size === 0) return split.unconflicted;
  const replayed = fullConflictedSet(input, split, work);
  const unconflicted = unconflictedState(input, split);
  const state = new PartialState(rules.stateResolution === 'v2.1' ? () => undefined : unconflicted);

  const powerEvents = powerEventsWithAuthChains(replayed);
  const first = reverseTopologicalPowerOrder(powerEvents, (event) =>
    userPowerLevel(
      rules,
      stateOfAuthEvents(rules, event, events, () => true),
      event.sender,
    ),
  );
  iterativeAuthChecks(input, first, state, work);

  const remaining = [...replayed.values()].filter(({ eventId }) => !powerEvents.has(eventId));
  const mainline = mainlineOf(state.get(stateTuple('m.room.power_levels', '')), events, work);
  iterativeAuthChecks(input, mainlineOrder(remaining, mainline, events, work), state, work);

  return withUnconflicted(state.allowed, split, unconflicted);
}

/** The full conflicted set, as far as it is at hand. Source: Room Version 2 and 12, "Full conflicted set". */
function fullConflictedSet(input: ResolveInput, split: SplitState, work: WorkBudget): Map<EventId, Pdu> {
  const conflicted = new Set<EventId>();
  for (const values of split.conflicted.values()) {
    for (const id of values) if (id !== undefined) conflicted.add(id);
  }
  const ids = new Set([...conflicted, ...authDifference(input, split, work)]);
  if (input.rules.stateResolution === 'v2.1') {
    for (const id of conflictedSubgraph(conflicted, input.events, input.authChain, work)) ids.add(id);
  }
  const set = new Map<EventId, Pdu>();
  for (const id of ids) {
    const event = input.events(id);
    if (event?.stateKey !== undefined) set.set(id, event);
  }
  return set;
}

function unconflictedState({ base }: ResolveInput, split: SplitState): (tuple: StateTuple) => EventId | undefined {
  return (tuple) => {
    if (split.conflicted.has(tuple)) return undefined;
    return split.unconflicted.has(tuple) ? split.unconflicted.get(tuple) : base(tuple);
  };
}

/** Step 5: where the unconflicted state map has a key, it holds. */
function withUnconflicted(
  allowed: ReadonlyMap<StateTuple, EventId>,
  split: SplitState,
  unconflicted: (tuple: StateTuple) => EventId | undefined,
): ResolvedDelta {
  const result = new Map<StateTuple, EventId | undefined>(split.unconflicted);
  for (const tuple of split.conflicted.keys()) result.set(tuple, undefined);
  for (const [tuple, id] of allowed) if (unconflicted(tuple) === undefined) result.set(tuple, id);
  return result;
}
