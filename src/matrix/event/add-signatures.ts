import { canonicalJson } from '../json/canonical-json.ts';
import { isJsonObject } from '../json/json-value.ts';
import type { JsonObject, JsonValue } from '../json/json-value.ts';
import { allow, deny } from '../result.ts';
import type { Result } from '../result.ts';
import { maxEventBytes } from './format.ts';
import type { FormatFault } from './format-fault.ts';
import type { Pdu } from './pdu.ts';
import { utf8Length } from './utf8-length.ts';

/**
 * Adds signatures, of another copy of the event or fresh ones, to those that the event carries. One that it carries
 * already stays; nothing else of the event changes, its ID included.
 * @param signatures `{server: {keyId: signature}}`, verified by the caller: unverified ones would let others fill the
 * event up. Entries of another shape are passed over.
 * @returns the same object if there is nothing to add; `too-large` if the event would outgrow what servers accept.
 */
export function addSignatures(pdu: Pdu, signatures: JsonObject): Result<Pdu, FormatFault> {
  const merged = mergeSignatures(isJsonObject(pdu.json.signatures) ? pdu.json.signatures : {}, signatures);
  if (merged === undefined) return allow(pdu);
  const json: JsonObject = { ...pdu.json, signatures: merged };
  const sizeBytes = utf8Length(canonicalJson(json), maxEventBytes);
  if (sizeBytes > maxEventBytes) return deny({ kind: 'too-large', sizeBytes, limitBytes: maxEventBytes });
  return allow({ ...pdu, json });
}

/** @returns `undefined` if `theirs` has nothing that `ours` lacks. */
function mergeSignatures(ours: JsonObject, theirs: JsonObject): JsonObject | undefined {
  // A Map, because server names and key IDs are data: "__proto__" must stay a key.
  const merged = new Map<string, JsonValue | undefined>(Object.entries(ours));
  let grew = false;
  for (const [server, byKey] of Object.entries(theirs)) {
    if (!isJsonObject(byKey)) continue;
    const known = merged.get(server);
    const knownKeys: JsonObject = isJsonObject(known) ? known : {};
    const added = Object.entries(byKey).filter(
      ([keyId, signature]) => typeof signature === 'string' && !Object.hasOwn(knownKeys, keyId),
    );
    if (added.length === 0) continue;
    grew = true;
    merged.set(server, { ...knownKeys, ...Object.fromEntries(added) });
  }
  return grew ? Object.fromEntries(merged) : undefined;
}
