import type { AuthState } from '../auth/auth-state.ts';
import { checkAuth } from '../auth/check-auth.ts';
import type { Pdu, PduSource } from '../event/pdu.ts';
import { stateTuple, type StateTuple } from '../event/state-map.ts';
import type { EventId } from '../ids/brands.ts';
import type { RoomVersionRules } from '../room-versions/rules.ts';
import { stateOfAuthEvents } from './state-of-auth-events.ts';
import type { WorkBudget } from './work-budget.ts';

/** The state that the checks build up: what they allowed, over the state that they started from. */
export class PartialState {
  readonly #initial: (tuple: StateTuple) => EventId | undefined;
  readonly #allowed = new Map<StateTuple, EventId>();

  /** @param initial the state to start from. */
  constructor(initial: (tuple: StateTuple) => EventId | undefined) {
    this.#initial = initial;
  }

  get(tuple: StateTuple): EventId | undefined {
    return this.#allowed.get(tuple) ?? this.#initial(tuple);
  }

  set(tuple: StateTuple, id: EventId): void {
    this.#allowed.set(tuple, id);
  }

  /** The events that the checks allowed, without the state that they started from. */
  get allowed(): ReadonlyMap<StateTuple, EventId> {
    return this.#allowed;
  }
}

interface Room {
  readonly rules: RoomVersionRules;
  readonly events: PduSource;
  readonly isRejected: (id: EventId) => boolean;
}

/**
 * The iterative auth checks: applies each event to the state if the authorization rules allow it there.
 * @param list state events, first to apply first.
 * @param state the state to start from; becomes the result.
 * A key that the rules ask for and the state lacks is taken from the event's own auth events, unless that one is
 * rejected. An auth event that is not at hand counts as not named. An event that the *state* holds and that is not at
 * hand fails the check: what it forbids is not known. Stops once `work` is exhausted.
 * Source: Room Version 2, "Iterative auth checks".
 */
export function iterativeAuthChecks(room: Room, list: readonly Pdu[], state: PartialState, work: WorkBudget): void {
  for (const event of list) {
    if (event.stateKey === undefined) continue;
    if (!work.spend()) return;
    if (isAllowed(room, event, state)) state.set(stateTuple(event.type, event.stateKey), event.eventId);
  }
}

function isAllowed(room: Room, event: Pdu, state: PartialState): boolean {
  let stateIsAtHand = true;
  const ofAuthEvents = stateOfAuthEvents(room.rules, event, room.events, (id) => !room.isRejected(id));
  const lookUp: AuthState = (type, stateKey) => {
    const inState = state.get(stateTuple(type, stateKey));
    if (inState === undefined) return ofAuthEvents(type, stateKey);
    const holder = room.events(inState);
    if (holder === undefined) stateIsAtHand = false;
    return holder;
  };
  return checkAuth(room.rules, event, lookUp).ok && stateIsAtHand;
}
