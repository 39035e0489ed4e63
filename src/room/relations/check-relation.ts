import { duplicateAnnotation, unknown } from '../../matrix/error.ts';
import { relationOf } from '../../matrix/event/relation.ts';
import { isJoined } from '../receipts/receipt-edu.ts';
import type { EventDraft } from '../send/build-event.ts';
import type { RoomStore } from '../store.ts';

/**
 * What a local user may not say of another event: the same annotation twice, and a thread that begins at an event which
 * is a child itself. Other servers may send both; readers then pass over it.
 * Throws `M_DUPLICATE_ANNOTATION`, `M_UNKNOWN`.
 * Source: Client-Server API, "Avoiding duplicate annotations", "Validation of `m.thread` relationships".
 */
export function checkOwnRelation(store: RoomStore, { type, sender, content }: EventDraft): void {
  const relation = relationOf({ content });
  // Who is not in the room is refused as such, and told nothing.
  if (relation === undefined || !isJoined(store, sender)) return;
  const { relType, parentId, key } = relation;
  if (key !== undefined && store.relations.isAnnotated({ parentId, sender, type, key })) {
    throw duplicateAnnotation('You have annotated this event in the same way already');
  }
  const parent = relType === 'm.thread' ? store.events.get(parentId) : undefined;
  if (parent !== undefined && relationOf(parent.pdu) !== undefined) {
    throw unknown('A thread cannot begin at an event that relates to another');
  }
}
