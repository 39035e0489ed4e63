import type { ServerName } from '../ids/brands.ts';
import type { SigningKey } from '../crypto/ed25519.ts';
import type { JsonObject } from '../json/json-value.ts';
import type { Result } from '../result.ts';
import type { RoomVersionRules } from '../room-versions/rules.ts';
import { addSignatures } from './add-signatures.ts';
import type { FormatFault } from './format-fault.ts';
import { essentialJson } from './hashes.ts';
import type { Pdu } from './pdu.ts';

/**
 * Our signature of an event that has its `hashes`: that of the redacted event.
 * @returns `{server: {keyId: signature}}`. Source: Server-Server API, "Adding hashes and signatures to outgoing events".
 */
export function signatureOf(
  rules: RoomVersionRules,
  json: JsonObject,
  serverName: ServerName,
  signingKey: SigningKey,
): JsonObject {
  return { [serverName]: { [signingKey.keyId]: signingKey.sign(essentialJson(rules, json)) } };
}

/**
 * Adds our signature to an event of another server: an invite of one of our users, a join through us. The caller has
 * checked that the event is what we want to put our name to.
 * @returns `too-large` if there is no room left for it.
 */
export function signPdu(
  rules: RoomVersionRules,
  pdu: Pdu,
  serverName: ServerName,
  signingKey: SigningKey,
): Result<Pdu, FormatFault> {
  return addSignatures(pdu, signatureOf(rules, pdu.json, serverName, signingKey));
}
