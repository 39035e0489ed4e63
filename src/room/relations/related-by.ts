import type { EventFilter } from '../../matrix/event/event-filter.ts';
import type { EventId } from '../../matrix/ids/brands.ts';
import type { RoomStore } from '../store.ts';

/**
 * What a filter asks of the events that relate to an event: one of them has to be of a type and a sender that it names.
 * @returns whether an event of `ids` passes. One query, whatever their number, and none without such a filter.
 */
export function relatedByFilter(
  { relations }: Pick<RoomStore, 'relations'>,
  { relatedByRelTypes: relTypes, relatedBySenders: senders }: EventFilter,
  ids: readonly EventId[],
): (eventId: EventId) => boolean {
  if (relTypes === undefined && senders === undefined) return () => true;
  const related = relations.relatedBy(ids, {
    ...(relTypes === undefined ? {} : { relTypes }),
    ...(senders === undefined ? {} : { senders }),
  });
  return (eventId) => related.has(eventId);
}
