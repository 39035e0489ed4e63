import type { Pdu } from '../event/pdu.ts';
import { userIdServer } from '../ids/user-id.ts';
import type { RoomVersionRules } from '../room-versions/rules.ts';
import type { AuthState } from './auth-state.ts';
import { actionLevel, userPowerLevel } from './power-levels.ts';

/**
 * Whether an accepted redaction takes effect on the event it names: always in versions 1 and 2, whose authorization
 * rules judged it; else if its sender has the redact level or is of the same server as the target's sender.
 * @param target must be the event that the redaction names, of the same room: any other is never redacted.
 * @param state the room state that the redaction is judged by.
 * Source: Room Version 3, "Handling redactions".
 */
export function redactionApplies(rules: RoomVersionRules, redaction: Pdu, target: Pdu, state: AuthState): boolean {
  if (redaction.redacts !== target.eventId || redaction.roomId !== target.roomId) return false;
  if (rules.redactionsInAuthRules) return true;
  if (userIdServer(redaction.sender) === userIdServer(target.sender)) return true;
  return userPowerLevel(rules, state, redaction.sender) >= actionLevel(rules, state, 'redact');
}
