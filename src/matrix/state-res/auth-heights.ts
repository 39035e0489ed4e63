import type { PduSource } from '../event/pdu.ts';
import type { EventId } from '../ids/brands.ts';
import type { AuthChainIndex } from './resolve-input.ts';
import type { WorkBudget } from './work-budget.ts';

/**
 * Auth heights found by walking down the auth chains, for who has not stored them. Each event is visited once.
 * @param work is asked once for each event; when it is exhausted the answers are no longer right.
 */
export function authHeights(events: PduSource, work: WorkBudget): AuthChainIndex['height'] {
  const heights = new Map<EventId, number | undefined>();
  const path: { readonly id: EventId; readonly authEvents: readonly EventId[]; next: number; height: number }[] = [];
  const enter = (id: EventId): void => {
    const event = work.spend() ? events(id) : undefined;
    heights.set(id, undefined);
    if (event !== undefined) path.push({ id, authEvents: event.authEvents, next: 0, height: 0 });
  };
  return (wanted) => {
    if (!heights.has(wanted)) enter(wanted);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const auth = top.authEvents[top.next];
      if (auth === undefined) {
        heights.set(top.id, top.height);
        path.pop();
      } else if (heights.has(auth)) {
        const below = heights.get(auth);
        if (below !== undefined) top.height = Math.max(top.height, below + 1);
        top.next += 1;
      } else {
        enter(auth);
      }
    }
    return heights.get(wanted);
  };
}
