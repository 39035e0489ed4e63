import type { PduSource } from '../event/pdu.ts';
import type { EventId } from '../ids/brands.ts';
import type { AuthChainIndex } from './resolve-input.ts';
import type { WorkBudget } from './work-budget.ts';

/** The types that `auth_events` may name: only such an event can be the lower end of a path. */
const authTypes: ReadonlySet<string> = new Set([
  'm.room.create',
  'm.room.join_rules',
  'm.room.member',
  'm.room.power_levels',
  'm.room.third_party_invite',
]);

/**
 * The conflicted state subgraph: every event on a path of auth events from one conflicted event to another.
 * @param conflicted the conflicted state set.
 * @returns the events of all such paths, ends included; any order. Incomplete once `work` is exhausted.
 * Linear in the part of the auth chains that stands higher than the lowest conflicted event.
 * Source: Room Version 12, "Conflicted state subgraph".
 */
export function conflictedSubgraph(
  conflicted: ReadonlySet<EventId>,
  events: PduSource,
  authChain: Pick<AuthChainIndex, 'height'>,
  work: WorkBudget,
): Set<EventId> {
  const lowest = lowestHeight(conflicted, events, authChain);
  const subgraph = new Set<EventId>(conflicted);
  /** Whether an event leads to a conflicted one, or is one; final once it has left `path`. */
  const leads = new Map<EventId, boolean>();
  const path: { readonly id: EventId; readonly authEvents: readonly EventId[]; next: number }[] = [];
  const enter = (id: EventId): boolean => {
    if (leads.has(id) || (authChain.height(id) ?? -1) <= lowest) return true;
    leads.set(id, conflicted.has(id));
    path.push({ id, authEvents: events(id)?.authEvents ?? [], next: 0 });
    return work.spend();
  };
  for (const start of conflicted) {
    if (!enter(start)) return subgraph;
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const auth = top.authEvents[top.next];
      top.next += 1;
      if (auth !== undefined) {
        if (conflicted.has(auth) || leads.get(auth) === true) leads.set(top.id, true);
        if (!enter(auth)) return subgraph;
        continue;
      }
      path.pop();
      if (leads.get(top.id) !== true) continue;
      subgraph.add(top.id);
      const above = path.at(-1);
      if (above !== undefined) leads.set(above.id, true);
    }
  }
  return subgraph;
}

/** The height of the lowest conflicted event at which a path can end; infinite if there is none. */
function lowestHeight(
  conflicted: ReadonlySet<EventId>,
  events: PduSource,
  authChain: Pick<AuthChainIndex, 'height'>,
): number {
  let lowest = Infinity;
  for (const id of conflicted) {
    const event = events(id);
    if (event !== undefined && !authTypes.has(event.type)) continue;
    lowest = Math.min(lowest, authChain.height(id) ?? -1);
  }
  return lowest;
}
