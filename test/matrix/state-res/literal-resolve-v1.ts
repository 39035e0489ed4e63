import { createHash } from 'node:crypto';
import { checkAuth } from '../../../src/matrix/auth/check-auth.ts';
import type { Pdu } from '../../../src/matrix/event/pdu.ts';
import { splitStateTuple, stateTuple, type StateMap, type StateTuple } from '../../../src/matrix/event/state-map.ts';
import type { EventId } from '../../../src/matrix/ids/brands.ts';
import type { LiteralInput } from './literal-resolve.ts';

const sha1 = ({ eventId }: Pdu): string => createHash('sha1').update(eventId).digest('hex');

/**
 * State resolution of version 1 in the specification's words, pass after pass. Where these leave something open it
 * reads them as the homeservers in use do: a conflict is of one key, the conflicts of one pass do not see each other's
 * outcome, and where no event passes authentication the one with the lowest depth stays. Shares only the authorization
 * rules with what it is compared with.
 */
export function literalResolveV1({ rules, events }: LiteralInput, states: readonly StateMap[]): StateMap {
  const conflicts = conflictsOf(states);
  // "Start by setting R to the union of the states to be resolved, excluding any conflicting events."
  let r = new Map(states.flatMap((state) => [...state]).filter(([key]) => !conflicts.has(key)));

  const isAllowed = (event: Pdu, inState: StateMap): boolean =>
    checkAuth(rules, event, (type, stateKey) => {
      const id = inState.get(stateTuple(type, stateKey));
      return id === undefined ? undefined : events.get(id);
    }).ok;

  const eventsOf = (ids: ReadonlySet<EventId>): Pdu[] =>
    [...ids].map((id) => events.get(id)).filter((event) => event !== undefined);

  const pass = (includes: (type: string) => boolean, outcome: (list: Pdu[], key: StateTuple) => Pdu | undefined) => {
    const after = new Map(r);
    for (const [key, ids] of conflicts) {
      const chosen = includes(splitStateTuple(key).type) ? outcome(eventsOf(ids), key) : undefined;
      if (chosen !== undefined) after.set(key, chosen.eventId);
    }
    r = after;
  };

  const authTypes = ['m.room.power_levels', 'm.room.join_rules', 'm.room.member'];
  for (const authType of authTypes) {
    pass(
      (type) => type === authType,
      (list, key) => {
        // "Sort the list by ascending depth then descending sha1(event_id). Add the first event in the list to R."
        const [first, ...subsequent] = list.sort((a, b) => a.depth - b.depth || (sha1(a) > sha1(b) ? -1 : 1));
        if (first === undefined) return undefined;
        let added = first;
        for (const event of subsequent) {
          if (!isAllowed(event, new Map(r).set(key, added.eventId))) return added;
          added = event;
        }
        return added;
      },
    );
  }
  pass(
    (type) => !authTypes.includes(type),
    (list) => {
      // "Pick the event with the highest depth and lowest sha1(event_id) that passes authentication in R."
      const best = list.sort((a, b) => b.depth - a.depth || (sha1(a) < sha1(b) ? -1 : 1));
      return best.find((event) => isAllowed(event, r)) ?? best.at(-1);
    },
  );
  return r;
}

/** "A conflict occurs between states where those states have different event_ids for the same (type, state_key)." */
function conflictsOf(states: readonly StateMap[]): ReadonlyMap<StateTuple, ReadonlySet<EventId>> {
  const ids = new Map<StateTuple, Set<EventId>>();
  for (const [key, id] of states.flatMap((state) => [...state])) ids.set(key, (ids.get(key) ?? new Set()).add(id));
  return new Map([...ids].filter(([, ofKey]) => ofKey.size > 1));
}
