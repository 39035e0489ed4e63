import { isJsonObject } from '../json/json-value.ts';
import type { JsonObject, JsonValue } from '../json/json-value.ts';
import type { RedactionRules, RoomVersionRules } from '../room-versions/rules.ts';
import type { Pdu } from './pdu.ts';
import { redactsOf } from './redacts.ts';

/**
 * The redaction algorithm: removes every key that the room version does not list.
 * @param json an event, whole or redacted before; it is not changed.
 * @returns the event with `hashes` and `signatures` and without `unsigned`. Redacting twice changes nothing more.
 * Cannot fail: content that is no object becomes an empty one. Source: "Redactions" of each room version's page.
 */
export function redactJson(rules: RoomVersionRules, json: JsonObject): JsonObject {
  const kept: Record<string, JsonValue> = {};
  for (const key of rules.redaction.topLevel) {
    const value = json[key];
    if (value !== undefined) kept[key] = key === 'content' ? redactContent(rules.redaction, json.type, value) : value;
  }
  return kept;
}

/**
 * A PDU as it is stored and served once it is redacted: a redaction was applied to it, or its content hash does not
 * hold. Its event ID stays the same; what it redacts itself is gone where the room version removes that.
 */
export function redactPdu(rules: RoomVersionRules, pdu: Pdu): Pdu {
  const json = redactJson(rules, pdu.json);
  const content = isJsonObject(json.content) ? json.content : {};
  return { ...pdu, json, content, redacts: redactsOf(rules, json) };
}

function redactContent(rules: RedactionRules, type: JsonValue | undefined, content: JsonValue): JsonObject {
  // Event types are data: one called "constructor" must not find what every object inherits.
  if (typeof type !== 'string' || !Object.hasOwn(rules.content, type) || !isJsonObject(content)) return {};
  const list = rules.content[type] ?? [];
  if (list === 'all') return content;
  const kept: Record<string, JsonValue> = {};
  for (const entry of list) {
    const [key, nestedKeys] = typeof entry === 'string' ? [entry, undefined] : entry;
    const value = content[key];
    if (value === undefined) continue;
    if (nestedKeys === undefined) kept[key] = value;
    else if (isJsonObject(value)) kept[key] = pick(value, nestedKeys);
  }
  return kept;
}

/** An object of which nothing is kept stays as an empty object: it is the key that the room version allows. */
function pick(object: JsonObject, keys: readonly string[]): JsonObject {
  const kept: Record<string, JsonValue> = {};
  for (const key of keys) {
    const value = object[key];
    if (value !== undefined) kept[key] = value;
  }
  return kept;
}
