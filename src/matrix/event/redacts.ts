import type { EventId } from '../ids/brands.ts';
import { parseEventId } from '../ids/event-id.ts';
import { isJsonObject } from '../json/json-value.ts';
import type { JsonObject } from '../json/json-value.ts';
import type { RoomVersionRules } from '../room-versions/rules.ts';

/**
 * The event that a redaction names, from wherever the room version keeps it.
 * @returns `undefined` for what is no redaction, and for one that names nothing or no event.
 * Source: Room Version 11, "Moving the `redacts` property of `m.room.redaction` events to a `content` property".
 */
export function redactsOf(rules: RoomVersionRules, json: JsonObject): EventId | undefined {
  if (json.type !== 'm.room.redaction') return undefined;
  const value = rules.redactsInContent ? isJsonObject(json.content) && json.content.redacts : json.redacts;
  const id = typeof value === 'string' ? parseEventId(value) : undefined;
  return id?.ok === true ? id.value : undefined;
}
