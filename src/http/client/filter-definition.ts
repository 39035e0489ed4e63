import * as v from 'valibot';

import { badJson } from '../../matrix/error.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../matrix/json/json-value.ts';
import { JsonObjectSchema } from '../json-object-schema.ts';
import { EventFilterSchema, RoomEventFilter, RoomIds } from './room-event-filter.ts';

// A schema of an object lets lists through.
const ofEvents = v.optional(v.pipe(JsonObjectSchema, EventFilterSchema));
const ofRoomEvents = v.optional(v.pipe(JsonObjectSchema, RoomEventFilter));

/** Source: Client-Server API, "Filtering", `Filter`. */
const Filter = v.object({
  event_fields: v.optional(v.array(v.string())),
  event_format: v.optional(v.picklist(['client', 'federation'])),
  presence: ofEvents,
  account_data: ofEvents,
  room: v.optional(
    v.pipe(
      JsonObjectSchema,
      v.object({
        rooms: RoomIds,
        not_rooms: RoomIds,
        include_leave: v.optional(v.boolean()),
        ephemeral: ofRoomEvents,
        state: ofRoomEvents,
        timeline: ofRoomEvents,
        account_data: ofRoomEvents,
      }),
    ),
  ),
});

/** The definition of a filter as it was given, keys that nobody knows included. Throws `M_BAD_JSON`. */
export function filterDefinitionOf(given: JsonValue): JsonObject {
  if (!isJsonObject(given)) throw badJson('A filter is an object');
  const checked = v.safeParse(Filter, given);
  if (!checked.success)
    throw badJson(`The filter has a wrong value at ${v.getDotPath(checked.issues[0]) ?? 'its top'}`);
  return given;
}
