import { decodeBase64, encodeBase64, encodeBase64Url } from '../crypto/base64.ts';
import { sha256 } from '../crypto/sha256.ts';
import type { EventId } from '../ids/brands.ts';
import { eventIdServer, parseEventId } from '../ids/event-id.ts';
import { parseServerName } from '../ids/server-name.ts';
import { canonicalJson } from '../json/canonical-json.ts';
import { isJsonObject } from '../json/json-value.ts';
import type { JsonObject } from '../json/json-value.ts';
import { allow, deny } from '../result.ts';
import type { Result } from '../result.ts';
import type { RoomVersionRules } from '../room-versions/rules.ts';
import type { FormatFault } from './format-fault.ts';
import { redactJson } from './redact.ts';

/**
 * The content hash: SHA-256 over everything but `unsigned`, `signatures` and `hashes`, in unpadded Base64.
 * Source: Server-Server API, "Calculating the content hash for an event".
 */
export function contentHash(json: JsonObject): string {
  return encodeBase64(contentDigest(json));
}

/**
 * Whether the event is as its sender's server hashed it. If not, only what redaction leaves of it may be used: we were
 * given a redacted copy, or a changed one. Hashes are compared as bytes, so padding does not matter.
 * Source: Server-Server API, "Validating hashes and signatures on received events".
 */
export function contentHashHolds(json: JsonObject): boolean {
  const claimed = isJsonObject(json.hashes) ? json.hashes.sha256 : undefined;
  if (typeof claimed !== 'string') return false;
  const expected = contentHash(json);
  if (claimed === expected) return true;
  const decoded = decodeBase64(claimed);
  return decoded !== undefined && encodeBase64(decoded) === expected;
}

/**
 * The reference hash: SHA-256 over the redacted event without `signatures` and `unsigned`, in unpadded Base64. It
 * covers the content through the content hash, and no signature.
 * Source: Server-Server API, "Calculating the reference hash for an event".
 */
export function referenceHash(rules: RoomVersionRules, json: JsonObject): string {
  return encodeBase64(referenceDigest(rules, json));
}

/**
 * The ID of an event: what its server chose (versions 1 and 2, with that server's name in it), else its reference hash.
 * Source: "Event IDs" of the room versions.
 */
export function eventIdOf(rules: RoomVersionRules, json: JsonObject): Result<EventId, FormatFault> {
  const fault = (kind: 'missing' | 'wrong-type' | 'bad-id') => deny({ kind, key: 'event_id' });
  if (rules.eventId === 'sender') {
    const { event_id: chosen } = json;
    if (typeof chosen !== 'string') return fault(chosen === undefined ? 'missing' : 'wrong-type');
    const parsed = parseEventId(chosen);
    const server = parsed.ok ? eventIdServer(parsed.value) : undefined;
    return parsed.ok && server !== undefined && parseServerName(server).ok ? parsed : fault('bad-id');
  }
  const digest = referenceDigest(rules, json);
  const hash = rules.eventId === 'hash-standard' ? encodeBase64(digest) : encodeBase64Url(digest);
  const made = parseEventId(`$${hash}`);
  return made.ok ? allow(made.value) : fault('bad-id');
}

function contentDigest(json: JsonObject): Uint8Array {
  const { unsigned: _unsigned, signatures: _signatures, hashes: _hashes, ...hashed } = json;
  return sha256(canonicalJson(hashed));
}

function referenceDigest(rules: RoomVersionRules, json: JsonObject): Uint8Array {
  return sha256(essentialJson(rules, json));
}

/**
 * What the reference hash and every signature cover: the canonical JSON of the redacted event without its signatures.
 * Redaction has taken `unsigned` away.
 */
export function essentialJson(rules: RoomVersionRules, json: JsonObject): string {
  const { signatures: _signatures, ...essential } = redactJson(rules, json);
  return canonicalJson(essential);
}
