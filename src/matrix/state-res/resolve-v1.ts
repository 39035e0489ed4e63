import { createHash } from 'node:crypto';
import type { AuthState } from '../auth/auth-state.ts';
import { checkAuth } from '../auth/check-auth.ts';
import type { Pdu } from '../event/pdu.ts';
import { splitStateTuple, stateTuple, type StateTuple } from '../event/state-map.ts';
import type { EventId } from '../ids/brands.ts';
import type { ResolvedDelta, ResolveInput } from './resolve-input.ts';
import { splitConflicted, type SplitState } from './split-conflicted.ts';
import type { WorkBudget } from './work-budget.ts';

/** The passes over conflicts between events that affect the authorization rules, in their order. */
const authTypes = ['m.room.power_levels', 'm.room.join_rules', 'm.room.member'];

/**
 * Resolves states by the algorithm of version 1. Incomplete once `work` is exhausted.
 *
 * What the specification leaves open is as in the homeservers in use: conflicts of one pass do not see each other's
 * outcome (so that their order does not matter), and a key whose events all fail keeps the one with the lowest depth.
 * Source: Room Version 1, "State resolution".
 */
export function resolveV1(input: ResolveInput, work: WorkBudget): ResolvedDelta {
  const split = splitConflicted(input.base, input.sets, { absenceConflicts: false });
  const resolved = new Map(split.unconflicted);
  const resolution = new ResolutionV1(input, split, resolved, work);
  for (const type of authTypes) resolution.pass((tuple) => splitStateTuple(tuple).type === type, 'last-allowed');
  resolution.pass((tuple) => !authTypes.includes(splitStateTuple(tuple).type), 'first-allowed');
  return resolved;
}

class ResolutionV1 {
  readonly #input: ResolveInput;
  readonly #split: SplitState;
  /** R, where it may differ from the base. */
  readonly #resolved: Map<StateTuple, EventId | undefined>;
  readonly #work: WorkBudget;

  constructor(
    input: ResolveInput,
    split: SplitState,
    resolved: Map<StateTuple, EventId | undefined>,
    work: WorkBudget,
  ) {
    this.#input = input;
    this.#split = split;
    this.#resolved = resolved;
    this.#work = work;
  }

  pass(includes: (tuple: StateTuple) => boolean, choice: 'last-allowed' | 'first-allowed'): void {
    const chosen = new Map<StateTuple, EventId | undefined>();
    for (const [tuple, values] of this.#split.conflicted) {
      if (!includes(tuple)) continue;
      const ascending = this.#sorted(values);
      const winner = choice === 'last-allowed' ? this.#lastAllowed(tuple, ascending) : this.#firstAllowed(ascending);
      chosen.set(tuple, winner?.eventId);
    }
    for (const [tuple, id] of chosen) this.#resolved.set(tuple, id);
  }

  /** Ascending depth, then descending SHA-1 of the event ID. */
  #sorted(values: readonly (EventId | undefined)[]): Pdu[] {
    const events: { readonly event: Pdu; readonly hash: string }[] = [];
    for (const id of new Set(values)) {
      const event = id === undefined ? undefined : this.#input.events(id);
      if (event !== undefined) events.push({ event, hash: createHash('sha1').update(event.eventId).digest('hex') });
    }
    events.sort((x, y) => x.event.depth - y.event.depth || (x.hash > y.hash ? -1 : 1));
    return events.map(({ event }) => event);
  }

  /** From the first on, each event that is allowed where the one before it holds, up to one that is not. */
  #lastAllowed(tuple: StateTuple, ascending: readonly Pdu[]): Pdu | undefined {
    let [holder] = ascending;
    for (const event of ascending.slice(1)) {
      if (!this.#isAllowed(event, tuple, holder)) break;
      holder = event;
    }
    return holder;
  }

  #firstAllowed(ascending: readonly Pdu[]): Pdu | undefined {
    return ascending.findLast((event) => this.#isAllowed(event)) ?? ascending[0];
  }

  /** Whether R allows an event, with `holder` at `tuple`. */
  #isAllowed(event: Pdu, tuple?: StateTuple, holder?: Pdu): boolean {
    if (!this.#work.spend()) return false;
    let stateIsAtHand = true;
    const state: AuthState = (type, stateKey) => {
      const wanted = stateTuple(type, stateKey);
      if (wanted === tuple) return holder;
      const id = this.#valueOf(wanted);
      if (id === undefined) return undefined;
      const inState = this.#input.events(id);
      if (inState === undefined) stateIsAtHand = false;
      return inState;
    };
    return checkAuth(this.#input.rules, event, state).ok && stateIsAtHand;
  }

  #valueOf(tuple: StateTuple): EventId | undefined {
    return this.#split.touched.has(tuple) ? this.#resolved.get(tuple) : this.#input.base(tuple);
  }
}
