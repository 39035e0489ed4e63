import { parseEventId } from '../../matrix/ids/event-id.ts';
import type { EventId } from '../../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject } from '../../matrix/json/json-value.ts';
import { allow, deny } from '../../matrix/result.ts';
import type { FederationResult } from '../client.ts';

const wrongShape = (field: string) => deny({ kind: 'garbage' as const, reason: `wrong or missing: ${field}` });

/** A list of objects (PDUs, which nobody has looked at yet) in a field of an answer. */
export function objectList(answer: JsonObject, field: string): FederationResult<readonly JsonObject[]> {
  const list = answer[field];
  if (!Array.isArray(list) || !list.every(isJsonObject)) return wrongShape(field);
  return allow(list);
}

export function eventIdList(answer: JsonObject, field: string): FederationResult<readonly EventId[]> {
  const list: unknown = answer[field];
  if (!Array.isArray(list)) return wrongShape(field);
  const ids: EventId[] = [];
  for (const item of list as unknown[]) {
    const id = typeof item === 'string' ? parseEventId(item) : undefined;
    if (id?.ok !== true) return wrongShape(field);
    ids.push(id.value);
  }
  return allow(ids);
}

export function object(answer: JsonObject, field: string): FederationResult<JsonObject> {
  const value = answer[field];
  return isJsonObject(value) ? allow(value) : wrongShape(field);
}
