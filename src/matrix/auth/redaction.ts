import type { Pdu } from '../event/pdu.ts';
import { eventIdServer } from '../ids/event-id.ts';
import type { RoomVersionRules } from '../room-versions/rules.ts';
import type { AuthState } from './auth-state.ts';
import { allowed, denied } from './auth-verdict.ts';
import type { AuthVerdict } from './auth-verdict.ts';
import { actionLevel, userPowerLevel } from './power-levels.ts';
import { rulePlaces } from './rule-places.ts';

/** Rule 11 of versions 1 and 2, `m.room.redaction`: power, or event IDs of the same server. Source: their pages. */
export function checkRedaction(rules: RoomVersionRules, event: Pdu, state: AuthState): AuthVerdict {
  if (userPowerLevel(rules, state, event.sender) >= actionLevel(rules, state, 'redact')) return allowed;
  const server = eventIdServer(event.eventId);
  if (event.redacts !== undefined && server !== undefined && eventIdServer(event.redacts) === server) return allowed;
  return denied(`${rulePlaces(rules).redaction}.3`, 'cannot-redact');
}
