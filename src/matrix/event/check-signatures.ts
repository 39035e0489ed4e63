import type { ServerName } from '../ids/brands.ts';
import { parseUserId, userIdServer } from '../ids/user-id.ts';
import { eventIdServer } from '../ids/event-id.ts';
import { verify } from '../crypto/ed25519.ts';
import type { VerifyKey } from '../crypto/ed25519.ts';
import { isJsonObject } from '../json/json-value.ts';
import type { JsonObject } from '../json/json-value.ts';
import type { RoomVersionRules } from '../room-versions/rules.ts';
import { contentHashHolds, essentialJson } from './hashes.ts';
import type { Pdu } from './pdu.ts';

/** One signature without which an event is dropped. */
export interface RequiredSigner {
  /** Any one of these is enough; from an empty list, nobody is: the event cannot be valid. */
  readonly servers: readonly ServerName[];
  readonly why: 'sender' | 'event-id' | 'third-party-invite' | 'restricted-join';
}

/**
 * Whose signatures an event must carry; all entries count. Keys are the caller's: a signature by a key that is unknown,
 * or expired before the event, counts as absent, the policy server's `ed25519:policy_server` among them.
 *
 * - the sender's server. For a third-party invite "the server which actually sends the event may be a different
 *   server": that is the invited user's, so one of these two. It counts as such an invite only while its content hash
 *   holds, since redaction (before version 11) makes an ordinary invite of it, which the invited user's server could
 *   forge in anybody's name;
 * - the server in the event ID, in versions that let servers choose it;
 * - the server of `join_authorised_via_users_server`, in versions that have it, on any membership event that carries it.
 *
 * Source: Server-Server API, "Validating hashes and signatures on received events"; authorisation rule 4.2 of Room
 * Version 8; Server-Server API, "Third-party invites".
 */
export function requiredSigners(rules: RoomVersionRules, pdu: Pdu): readonly RequiredSigner[] {
  const senderServer = userIdServer(pdu.sender);
  const signers: RequiredSigner[] = [
    isThirdPartyInvite(pdu)
      ? { servers: [senderServer, ...serverOfUser(pdu.stateKey)], why: 'third-party-invite' }
      : { servers: [senderServer], why: 'sender' },
  ];
  if (rules.signedByEventIdDomain) {
    const server = eventIdServer(pdu.eventId);
    if (server !== senderServer) signers.push({ servers: server === undefined ? [] : [server], why: 'event-id' });
  }
  const authorisedBy = pdu.content.join_authorised_via_users_server;
  if (rules.restrictedJoins && pdu.type === 'm.room.member' && authorisedBy !== undefined) {
    signers.push({ servers: serverOfUser(authorisedBy), why: 'restricted-join' });
  }
  return signers;
}

/** @returns the IDs of the keys with which a server claims to have signed, e.g. `ed25519:1`; in no order. */
export function eventSignatures(pdu: Pdu, server: ServerName): readonly string[] {
  return Object.keys(signaturesBy(pdu, server));
}

/**
 * Whether a server signed an event with a key. What is signed is the redacted event, so a redacted copy passes too.
 * Whether the key was valid at the time is the caller's question (`keyValidityEnforced`).
 * Source: Server-Server API, "Validating hashes and signatures on received events".
 */
export function verifyEventSignature(
  rules: RoomVersionRules,
  pdu: Pdu,
  server: ServerName,
  keyId: string,
  verifyKey: VerifyKey,
): boolean {
  const byKey = signaturesBy(pdu, server);
  const signature = Object.hasOwn(byKey, keyId) ? byKey[keyId] : undefined;
  return typeof signature === 'string' && verify(verifyKey, essentialJson(rules, pdu.json), signature);
}

/** Names are data: one that every object inherits, such as "constructor", has signed nothing. */
function signaturesBy(pdu: Pdu, server: ServerName): JsonObject {
  const { signatures } = pdu.json;
  const byKey = isJsonObject(signatures) && Object.hasOwn(signatures, server) ? signatures[server] : undefined;
  return isJsonObject(byKey) ? byKey : {};
}

function isThirdPartyInvite({ type, stateKey, content, json }: Pdu): boolean {
  if (type !== 'm.room.member' || stateKey === undefined || content.membership !== 'invite') return false;
  return isJsonObject(content.third_party_invite) && contentHashHolds(json);
}

function serverOfUser(userId: JsonObject[string]): readonly ServerName[] {
  const parsed = typeof userId === 'string' ? parseUserId(userId) : undefined;
  return parsed?.ok === true ? [userIdServer(parsed.value)] : [];
}
