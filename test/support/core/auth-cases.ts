import { hashes, verify } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { describe, expect, test } from 'vitest';
import type { AuthVerdict } from '../../../src/matrix/auth/auth-verdict.ts';
import { checkAuth } from '../../../src/matrix/auth/check-auth.ts';
import type { Pdu } from '../../../src/matrix/event/pdu.ts';
import { isJsonObject, type JsonObject } from '../../../src/matrix/json/json-value.ts';
import { supportedRoomVersions } from '../../../src/matrix/room-versions/versions.ts';
import { aRoom } from './a-room.ts';
import type { RoomBuilder, RoomOptions } from './a-room.ts';
import { literalAuth } from './literal-auth.ts';
import { literalCanonicalJson } from './literal-hashes.ts';

hashes.sha512 = sha512;

/** A value for each room version, by version or range of versions, e.g. `{ '1-5': …, '6': …, '7-12': … }`. */
export type ByVersion<T> = Readonly<Record<string, T>>;

/** @returns what holds for a version. Throws unless exactly one entry is for it. */
export function ofVersion<T>(values: ByVersion<T>, version: string): T {
  const found = Object.entries(values).filter(([range]) => {
    const [from, to = from] = range.split('-').map(Number);
    return from !== undefined && to !== undefined && from <= Number(version) && Number(version) <= to;
  });
  const [only, ...others] = found;
  if (only === undefined || others.length > 0) throw new Error(`${found.length} entries for room version ${version}`);
  return only[1];
}

/** `allowed`, or the place of the rule that denies and the kind of denial, e.g. `4.2.3 banned`. */
export const verdictText = (result: AuthVerdict): string =>
  result.ok ? 'allowed' : `${result.reason.rule} ${result.reason.kind}`;

/** One event in one room, and what the rules of each version say of it. */
export interface AuthCase {
  /** Completes the sentence "in version …, …". */
  readonly name: string;
  /** Options of the room that the event is sent to. */
  readonly room?: RoomOptions;
  /** What happened in the room before; nothing if left out. */
  readonly given?: (room: RoomBuilder) => RoomBuilder;
  readonly event: (room: RoomBuilder) => Pdu;
  /** As {@link verdictText}; one string for all versions. */
  readonly verdict: string | ByVersion<string>;
}

/** A value that is no level: the pages before version 10 do not say what becomes of it outside of `users`. */
const isOurs = (verdict: string, version: string) => verdict.endsWith(' bad-level') && Number(version) < 10;

/** With the other implementation of Ed25519; no more keys and signatures than the server tries. */
function isThirdPartySigned(signed: JsonObject, { public_key: one, public_keys: many }: JsonObject): boolean {
  const keys = [one, ...(Array.isArray(many) ? many.map((each) => isJsonObject(each) && each['public_key']) : [])];
  const { signatures, unsigned: _, ...rest } = signed;
  const bytes = Buffer.from(literalCanonicalJson(rest));
  return Object.values(isJsonObject(signatures) ? signatures : {})
    .flatMap((byKeyId) => (isJsonObject(byKeyId) ? Object.entries(byKeyId) : []))
    .filter(([keyId]) => keyId.startsWith('ed25519:'))
    .slice(0, 16)
    .some(([, signature]) => keys.slice(0, 16).some((key) => isSigned(bytes, key, signature)));
}

function isSigned(bytes: Uint8Array, key: unknown, signature: unknown): boolean {
  if (typeof key !== 'string' || typeof signature !== 'string') return false;
  try {
    return verify(Buffer.from(signature, 'base64'), bytes, Buffer.from(key, 'base64'), { zip215: false });
  } catch {
    return false;
  }
}

/** One test for each case and room version; what the specification's pages say is asked too. */
export function testAuthCases(cases: readonly AuthCase[]): void {
  describe.each(supportedRoomVersions)('in version %s', (version) => {
    test.each(cases)('$name', ({ room: options, given, event, verdict }) => {
      const base = aRoom({ ...options, version });
      const room = given === undefined ? base : given(base);
      const expected = typeof verdict === 'string' ? verdict : ofVersion(verdict, version);
      const judged = event(room);
      expect(verdictText(checkAuth(room.rules, judged, room.state))).toBe(expected);
      if (isOurs(expected, version)) return;
      const byThePages = literalAuth(judged, { version: Number(version), state: room.state, isThirdPartySigned });
      expect({ isAllowed: byThePages === 'allowed', byThePages }).toEqual({
        isAllowed: expected === 'allowed',
        byThePages,
      });
    });
  });
}

/** The places of one rule in the pages of all versions, and the kind of denial. */
export const deniedAt = (places: ByVersion<string>, rest: string, kind: string): ByVersion<string> =>
  Object.fromEntries(Object.entries(places).map(([range, place]) => [range, `${place}${rest} ${kind}`]));
