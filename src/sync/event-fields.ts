import { isJsonObject, type JsonObject, type JsonValue } from '../matrix/json/json-value.ts';
import { propertyAt, splitPropertyPath } from '../matrix/json/property-path.ts';

/** The fields of an event that a client wants; `undefined`: all. */
export type EventFields = readonly (readonly string[])[] | undefined;

/** Of a longer list the first ones count. */
const MAX_FIELDS = 100;

/** Source: Client-Server API, "Filtering", `event_fields`. */
export function readEventFields(paths: readonly string[] | undefined): EventFields {
  return paths?.slice(0, MAX_FIELDS).map(splitPropertyPath);
}

/** What is left of an event with these fields of it. */
export function withFields(event: JsonObject, fields: EventFields): JsonObject {
  if (fields === undefined) return event;
  const kept: Record<string, JsonValue | undefined> = {};
  for (const path of fields) {
    const value = propertyAt(event, path);
    if (value === undefined) continue;
    let at: Record<string, JsonValue | undefined> = kept;
    for (const name of path.slice(0, -1)) {
      const held = at[name];
      // Where a parent is wanted as a whole, what is in it is there already.
      const next = isJsonObject(held) ? { ...held } : {};
      at[name] = next;
      at = next;
    }
    at[path.at(-1) ?? ''] = value;
  }
  return kept;
}
