import type { PduSource } from '../event/pdu.ts';
import type { StateMap, StateTuple } from '../event/state-map.ts';
import type { EventId } from '../ids/brands.ts';
import { allow, deny, type Result } from '../result.ts';
import type { RoomVersionRules } from '../room-versions/rules.ts';
import { authChainFromBase } from './auth-chain-from-base.ts';
import { authHeights } from './auth-heights.ts';
import type { BaseState, ResolvedDelta, ResolveInput, StateDelta } from './resolve-input.ts';
import { resolveV1 } from './resolve-v1.ts';
import { resolveV2 } from './resolve-v2.ts';
import { defaultMaxVisited, type TooMuchWork, WorkBudget } from './work-budget.ts';

/**
 * Resolves states that are given as differences from a common base, by the algorithm of the room version. The work
 * depends on what differs, not on the size of the room.
 * @returns the resolved value of every key in which the result may differ from the base: of every key that a set
 * changes, and of keys that no set has and that the auth difference brings in. `too-much-work` if more than
 * `maxVisited` graph nodes would have to be visited; nothing of the result is usable then.
 * Source: "State resolution" of room versions 1, 2 and 12.
 */
export function resolveState(input: ResolveInput): Result<ResolvedDelta, TooMuchWork> {
  return resolveWithin(input, new WorkBudget(input.maxVisited ?? defaultMaxVisited));
}

/**
 * Resolves states that are at hand as whole maps. The work depends on the size of the room; see {@link resolveState}.
 * @param states any number, in any order: the order does not matter.
 * @param events every event of the states and of their auth chains; what is not at hand is treated as in
 * {@link ResolveInput.events}.
 * @param isRejected as in {@link ResolveInput.isRejected}.
 */
export function resolveFullStates(
  rules: RoomVersionRules,
  states: readonly StateMap[],
  events: PduSource,
  isRejected: (id: EventId) => boolean,
  maxVisited: number = defaultMaxVisited,
): Result<StateMap, TooMuchWork> {
  const base: StateMap = states[0] ?? new Map<StateTuple, EventId>();
  const work = new WorkBudget(maxVisited);
  const input: ResolveInput = {
    rules,
    base: (tuple) => base.get(tuple),
    sets: states.map((state) => differenceFrom(base, state)),
    events,
    isRejected,
    authChain: authChainFromBase(base, events, authHeights(events, work)),
  };
  const resolved = resolveWithin(input, work);
  if (!resolved.ok) return resolved;
  const result = new Map(base);
  for (const [tuple, id] of resolved.value) {
    if (id === undefined) result.delete(tuple);
    else result.set(tuple, id);
  }
  return allow(result);
}

function resolveWithin(input: ResolveInput, work: WorkBudget): Result<ResolvedDelta, TooMuchWork> {
  const prepared = { ...input, base: remembering(input.base) };
  const resolved = input.rules.stateResolution === 'v1' ? resolveV1(prepared, work) : resolveV2(prepared, work);
  return work.exhausted ? deny({ kind: 'too-much-work' }) : allow(resolved);
}

/** Every event that is checked asks for the same few keys, and a base in storage answers each with a query. */
function remembering(base: BaseState): BaseState {
  const known = new Map<StateTuple, EventId | undefined>();
  return (tuple) => {
    if (!known.has(tuple)) known.set(tuple, base(tuple));
    return known.get(tuple);
  };
}

function differenceFrom(base: StateMap, state: StateMap): StateDelta {
  const changes = new Map<StateTuple, EventId | undefined>();
  for (const [tuple, id] of state) if (base.get(tuple) !== id) changes.set(tuple, id);
  for (const tuple of base.keys()) if (!state.has(tuple)) changes.set(tuple, undefined);
  return { changes };
}
