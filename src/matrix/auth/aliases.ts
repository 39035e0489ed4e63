import type { Pdu } from '../event/pdu.ts';
import { userIdServer } from '../ids/user-id.ts';
import type { RoomVersionRules } from '../room-versions/rules.ts';
import { allowed, denied } from './auth-verdict.ts';
import type { AuthVerdict } from './auth-verdict.ts';
import { rulePlaces } from './rule-places.ts';

/** Rule 4 of versions 1 to 5, `m.room.aliases`: the sender need not be in the room. Source: their pages. */
export function checkAliases(rules: RoomVersionRules, event: Pdu): AuthVerdict {
  const place = rulePlaces(rules).aliases;
  if (event.stateKey === undefined) return denied(`${place}.1`, 'no-state-key');
  if (event.stateKey !== userIdServer(event.sender)) return denied(`${place}.2`, 'foreign-aliases');
  return allowed;
}
