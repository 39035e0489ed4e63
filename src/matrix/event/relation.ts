import type { EventId } from '../ids/brands.ts';
import { parseEventId } from '../ids/event-id.ts';
import { isJsonObject, type JsonObject } from '../json/json-value.ts';
import type { Pdu } from './pdu.ts';

/** What an event says of another one of its room: it is the child, and names its parent. */
export interface Relation {
  readonly relType: string;
  readonly parentId: EventId;
  /** Of an annotation: what it annotates with. */
  readonly key: string | undefined;
}

/** Of the grammar that a type of relation has to have. Source: Appendices, "Common Namespaced Identifier Grammar". */
const MAX_REL_TYPE = 255;

/**
 * The relation of an event. Rich replies are none: they have no `rel_type`.
 * @returns `undefined` for none, and for one that does not match the schema: it "is simply ignored".
 * Source: Client-Server API, "Forming relationships between events".
 */
export function relationOf({ content }: { readonly content: JsonObject }): Relation | undefined {
  const relation = content['m.relates_to'];
  if (!isJsonObject(relation)) return undefined;
  const { rel_type: relType, event_id: eventId, key } = relation;
  if (typeof relType !== 'string' || relType === '' || relType.length > MAX_REL_TYPE) return undefined;
  const parentId = typeof eventId === 'string' ? parseEventId(eventId) : undefined;
  if (parentId?.ok !== true) return undefined;
  const isKeyed = relType === 'm.annotation' && typeof key === 'string';
  return { relType, parentId: parentId.value, key: isKeyed ? key : undefined };
}

/**
 * Whether an event can replace others as far as it alone tells: it is no state, and says what the new content is. Of an
 * encrypted one nobody but clients can tell. Source: Client-Server API, "Validity of replacement events".
 */
export function hasNewContent({ type, stateKey, content }: Pick<Pdu, 'type' | 'stateKey' | 'content'>): boolean {
  if (stateKey !== undefined) return false;
  return type === 'm.room.encrypted' || isJsonObject(content['m.new_content']);
}
