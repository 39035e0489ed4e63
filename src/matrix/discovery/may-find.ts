import type { RoomVersionRules } from '../room-versions/rules.ts';
import type { RoomSummary } from './room-summary.ts';

/**
 * Whether a room may be found by somebody who is neither in it nor invited: by everybody, by members of the rooms that
 * it names (`members`), or by nobody.
 * @param rules `undefined`: another server says what its room is like, and has looked at this.
 * @param isBanned who is banned may not come in, and is shown only what everybody may read.
 * Source: Client-Server API, `GET /rooms/{roomId}/hierarchy`, the conditions of `rooms`.
 */
export function mayFind(
  summary: RoomSummary,
  rules: RoomVersionRules | undefined,
  isBanned = false,
): 'everybody' | 'members' | 'nobody' {
  if (summary.world_readable) return 'everybody';
  if (isBanned) return 'nobody';
  // A rule that is not named is `public`.
  const { join_rule: rule = 'public' } = summary;
  if (rule === 'public' || isKnockable(rule, rules)) return 'everybody';
  return (summary.allowed_room_ids ?? []).length > 0 ? 'members' : 'nobody';
}

function isKnockable(rule: string, rules: RoomVersionRules | undefined): boolean {
  if (rule === 'knock') return rules?.knocking ?? true;
  return rule === 'knock_restricted' && (rules?.knockRestrictedJoins ?? true);
}
