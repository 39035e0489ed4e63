import { createHash } from 'node:crypto';
import type { JsonObject, JsonValue } from '../../../src/matrix/json/json-value.ts';

/**
 * The specification's hashing, written down again as literally and slowly as it reads, and sharing no code with what
 * is tested: canonical JSON by comparing code points, redaction by switch, Base64 by replacing characters.
 */
export function literalCanonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map((each: JsonValue) => literalCanonicalJson(each)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value as JsonObject).filter(([, each]) => each !== undefined);
  entries.sort(([a], [b]) => compareCodePoints(Array.from(a), Array.from(b)));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${literalCanonicalJson(each ?? null)}`).join(',')}}`;
}

function compareCodePoints(a: readonly string[], b: readonly string[]): number {
  for (const [index, char] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    const difference = (char.codePointAt(0) ?? 0) - (other.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

const sha256 = (json: JsonObject): string =>
  createHash('sha256').update(literalCanonicalJson(json), 'utf8').digest('base64').replace(/=+$/, '');

/** Server-Server API, "Calculating the content hash for an event". */
export function literalContentHash(json: JsonObject): string {
  return sha256(without(json, ['unsigned', 'signatures', 'hashes']));
}

/** Server-Server API, "Calculating the reference hash for an event". */
export function literalReferenceHash(version: number, json: JsonObject): string {
  return sha256(without(literalRedact(version, json), ['signatures', 'unsigned']));
}

/** "Event IDs" of the room versions. */
export function literalEventId(version: number, json: JsonObject): string {
  if (version <= 2) return json.event_id as string;
  const hash = literalReferenceHash(version, json);
  return `$${version === 3 ? hash : hash.replaceAll('+', '-').replaceAll('/', '_')}`;
}

function literalRedact(version: number, json: JsonObject): JsonObject {
  const kept = 'event_id type room_id sender state_key content hashes signatures depth prev_events auth_events '.concat(
    version >= 11 ? 'origin_server_ts' : 'origin_server_ts prev_state origin membership',
  );
  return { ...only(json, kept), content: literalContent(version, json.type as string, json.content as JsonObject) };
}

function literalContent(version: number, type: string, content: JsonObject): JsonObject {
  if (type === 'm.room.create' && version >= 11) return content;
  const kept = only(content, keptOf(version).get(type) ?? '');
  const invite = content.third_party_invite;
  if (type !== 'm.room.member' || version < 11 || typeof invite !== 'object' || invite === null) return kept;
  return Array.isArray(invite) ? kept : { ...kept, third_party_invite: only(invite as JsonObject, 'signed') };
}

const levels = 'ban events events_default kick redact state_default users users_default';

function keptOf(version: number): ReadonlyMap<string, string> {
  return new Map([
    ['m.room.member', version >= 9 ? 'membership join_authorised_via_users_server' : 'membership'],
    ['m.room.create', 'creator'],
    ['m.room.join_rules', version >= 8 ? 'join_rule allow' : 'join_rule'],
    ['m.room.power_levels', version >= 11 ? `${levels} invite` : levels],
    ['m.room.aliases', version <= 5 ? 'aliases' : ''],
    ['m.room.history_visibility', 'history_visibility'],
    ['m.room.redaction', version >= 11 ? 'redacts' : ''],
  ]);
}

function only(json: JsonObject, keys: string): JsonObject {
  const words = keys.split(' ').filter((word) => word !== '');
  return Object.fromEntries(Object.entries(json).filter(([key]) => words.includes(key)));
}

function without(json: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(json).filter(([key]) => !keys.includes(key)));
}
