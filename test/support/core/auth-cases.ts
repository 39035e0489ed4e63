import { describe, expect, test } from 'vitest';
import type { AuthVerdict } from '../../../src/matrix/auth/auth-verdict.ts';
import { checkAuth } from '../../../src/matrix/auth/check-auth.ts';
import type { Pdu } from '../../../src/matrix/event/pdu.ts';
import { supportedRoomVersions } from '../../../src/matrix/room-versions/versions.ts';
import { aRoom } from './a-room.ts';
import type { RoomBuilder, RoomOptions } from './a-room.ts';

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

/** One test for each case and room version. */
export function testAuthCases(cases: readonly AuthCase[]): void {
  describe.each(supportedRoomVersions)('in version %s', (version) => {
    test.each(cases)('$name', ({ room: options, given, event, verdict }) => {
      const base = aRoom({ ...options, version });
      const room = given === undefined ? base : given(base);
      const expected = typeof verdict === 'string' ? verdict : ofVersion(verdict, version);
      expect(verdictText(checkAuth(room.rules, event(room), room.state))).toBe(expected);
    });
  });
}

/** The places of one rule in the pages of all versions, and the kind of denial. */
export const deniedAt = (places: ByVersion<string>, rest: string, kind: string): ByVersion<string> =>
  Object.fromEntries(Object.entries(places).map(([range, place]) => [range, `${place}${rest} ${kind}`]));
