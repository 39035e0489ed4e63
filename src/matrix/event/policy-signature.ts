import { canonicalJson } from '../json/canonical-json.ts';
import { isJsonObject, type JsonObject } from '../json/json-value.ts';
import type { ServerName } from '../ids/brands.ts';
import { maxEventBytes } from './format.ts';
import type { Pdu } from './pdu.ts';
import { utf8Length } from './utf8-length.ts';

/** The only key that policy servers sign events with. Source: Server-Server API, "Validating Policy Server signatures". */
export const policyKeyId = 'ed25519:policy_server';

/**
 * The event with a policy server's signature instead of the one that it may carry: the server's key may have changed.
 * @param answer `{server: {keyId: signature}}`, of which nothing else is taken. Without that signature, and where the
 * event would outgrow what servers accept, the event stays as it is.
 */
export function withPolicySignature(pdu: Pdu, server: ServerName, answer: JsonObject): Pdu {
  const given = ownObject(answer, server)[policyKeyId];
  if (typeof given !== 'string') return pdu;
  const signatures = isJsonObject(pdu.json.signatures) ? pdu.json.signatures : {};
  const byServer = { ...ownObject(signatures, server), [policyKeyId]: given };
  const others = Object.entries(signatures).filter(([name]) => name !== server);
  const json: JsonObject = { ...pdu.json, signatures: Object.fromEntries([...others, [server, byServer]]) };
  return utf8Length(canonicalJson(json), maxEventBytes) > maxEventBytes ? pdu : { ...pdu, json };
}

function ownObject(object: JsonObject, key: string): JsonObject {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  return isJsonObject(value) ? value : {};
}
