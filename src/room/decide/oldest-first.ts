import type { Pdu } from '../../matrix/event/pdu.ts';
import type { EventId } from '../../matrix/ids/brands.ts';

/** Each event after those of its parents that are in the batch. */
export function oldestFirst(batch: readonly Pdu[]): readonly Pdu[] {
  const open = new Map(batch.map((pdu) => [pdu.eventId, pdu]));
  const sorted: Pdu[] = [];
  const visit = (start: Pdu): void => {
    const stack: { readonly pdu: Pdu; readonly parents: EventId[] }[] = [
      { pdu: start, parents: [...start.prevEvents] },
    ];
    open.delete(start.eventId);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const parentId = top.parents.pop();
      if (parentId === undefined) {
        sorted.push(top.pdu);
        stack.pop();
        continue;
      }
      const parent = open.get(parentId);
      if (parent === undefined) continue;
      open.delete(parentId);
      stack.push({ pdu: parent, parents: [...parent.prevEvents] });
    }
  };
  for (const pdu of batch.toReversed()) if (open.has(pdu.eventId)) visit(pdu);
  return sorted;
}
