import { roomVersionRules } from '../../../src/matrix/room-versions/versions.ts';
import type { RoomVersionRules } from '../../../src/matrix/room-versions/rules.ts';

/** The rules of a room version that the test knows to exist. */
export function rulesOf(version: string): RoomVersionRules {
  const rules = roomVersionRules(version);
  if (rules === undefined) throw new Error(`no room version ${version}`);
  return rules;
}
