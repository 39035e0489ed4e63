import type { Pdu } from '../event/pdu.ts';
import { verify, verifyKeyFromBase64 } from '../crypto/ed25519.ts';
import type { VerifyKey } from '../crypto/ed25519.ts';
import { signedBytes } from '../crypto/signed-json.ts';
import { isJsonObject } from '../json/json-value.ts';
import type { JsonObject, JsonValue } from '../json/json-value.ts';
import type { RoomVersionRules } from '../room-versions/rules.ts';
import type { AuthState } from './auth-state.ts';
import { allowed, denied } from './auth-verdict.ts';
import type { AuthVerdict } from './auth-verdict.ts';
import { membershipOf } from './membership.ts';
import { actionLevel, userPowerLevel } from './power-levels.ts';
import { rulePlaces } from './rule-places.ts';

/** Identity servers sign once and publish two keys. */
const maxTried = 16;

/** The rule for `m.room.third_party_invite`: it needs the invite level, whatever `events` says. Source: each page. */
export function checkThirdPartyInvite(rules: RoomVersionRules, event: Pdu, state: AuthState): AuthVerdict {
  if (userPowerLevel(rules, state, event.sender) >= actionLevel(rules, state, 'invite')) return allowed;
  return denied(`${rulePlaces(rules).thirdPartyInvite}.1`, 'insufficient-power');
}

/**
 * The rule for an invite with `third_party_invite`: it is an earlier invitation of an address, now of a user, and the
 * identity server's signature proves that they belong together.
 * Source: the first rule under "If `membership` is `invite`" of each page.
 */
export function checkInviteByThirdParty(
  rules: RoomVersionRules,
  event: Pdu,
  target: string,
  state: AuthState,
): AuthVerdict {
  const place = `${rulePlaces(rules).invite}.1`;
  if (membershipOf(state, target) === 'ban') return denied(`${place}.1`, 'banned');
  const signed = signedPart(event.content);
  if (signed === undefined) return denied(`${place}.2`, 'third-party-invite-unsigned');
  const { mxid, token } = signed;
  if (mxid === undefined || typeof token !== 'string') return denied(`${place}.3`, 'third-party-invite-incomplete');
  if (mxid !== target) return denied(`${place}.4`, 'third-party-invite-other-user');
  const invite = state('m.room.third_party_invite', token);
  if (invite === undefined) return denied(`${place}.5`, 'third-party-invite-unknown');
  if (invite.sender !== event.sender) return denied(`${place}.6`, 'third-party-invite-other-sender');
  if (!isSignedByAny(signed, publicKeys(invite.content))) {
    return denied(`${place}.8`, 'third-party-invite-bad-signature');
  }
  return allowed;
}

/** @returns the token by which an invite names a third-party invite, if it does. */
export function thirdPartyToken(content: JsonObject): string | undefined {
  const token = signedPart(content)?.token;
  return typeof token === 'string' ? token : undefined;
}

/** A key that signed what an identity server says, and where to ask whether it still holds. */
export interface ProvenKey {
  readonly publicKey: string;
  /** `undefined`: for ever. */
  readonly validityUrl: string | undefined;
}

/**
 * Which keys of an `m.room.third_party_invite` signed a `signed` object.
 * Source: Client-Server API, "m.room.third_party_invite".
 */
export function provenKeys(signed: JsonObject, invite: JsonObject): readonly ProvenKey[] {
  const listed = Array.isArray(invite.public_keys) ? (invite.public_keys as readonly JsonValue[]) : [];
  const keys = [invite, ...listed].filter(isJsonObject).slice(0, maxTried);
  return keys.flatMap(({ public_key: publicKey, key_validity_url: url }) =>
    typeof publicKey === 'string' && isSignedByAny(signed, publicKeys({ public_key: publicKey }))
      ? [{ publicKey, validityUrl: typeof url === 'string' ? url : undefined }]
      : [],
  );
}

function signedPart(content: JsonObject): JsonObject | undefined {
  const invite = content.third_party_invite;
  return isJsonObject(invite) && isJsonObject(invite.signed) ? invite.signed : undefined;
}

/** The keys of an `m.room.third_party_invite`; what is no key is passed over. */
function publicKeys({ public_key: one, public_keys: many }: JsonObject): readonly VerifyKey[] {
  const listed = Array.isArray(many) ? many.map((entry: JsonValue) => isJsonObject(entry) && entry.public_key) : [];
  return [one, ...listed]
    .map((key) => (typeof key === 'string' ? verifyKeyFromBase64(key) : undefined))
    .filter((key) => key !== undefined);
}

/**
 * Which server a signature is filed under, and under which key ID, does not matter: any of the keys will do.
 * NOTSPEC: only the first signatures and keys are tried, since lists as long as events may be would occupy the room for
 * minutes; an invite that needs more is denied.
 */
function isSignedByAny(signed: JsonObject, keys: readonly VerifyKey[]): boolean {
  const bytes = signedBytes(signed);
  return ed25519Signatures(signed)
    .slice(0, maxTried)
    .some((signature) => keys.slice(0, maxTried).some((key) => verify(key, bytes, signature)));
}

function ed25519Signatures({ signatures }: JsonObject): readonly string[] {
  return Object.values(isJsonObject(signatures) ? signatures : {})
    .flatMap((byKeyId) => (isJsonObject(byKeyId) ? Object.entries(byKeyId) : []))
    .filter(([keyId]) => keyId.startsWith('ed25519:'))
    .map(([, signature]) => signature)
    .filter((signature) => typeof signature === 'string');
}
