// Before check 2: an event by one of our own users that we did not sign is dropped, and nothing is fetched for it.
import { requiredSigners } from '../../matrix/event/check-signatures.ts';
import type { Pdu } from '../../matrix/event/pdu.ts';
import type { ServerName } from '../../matrix/ids/brands.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import { allow, deny, type Result } from '../../matrix/result.ts';
import type { RoomVersionRules } from '../../matrix/room-versions/rules.ts';
import type { KeyRing } from '../key-ring.ts';
import { signedBy } from './check-signatures.ts';

/**
 * One that carries our signature is let through: a restored backup may not know it. So is a third-party invite, which the
 * invited user's server may make in our user's name where it is in the room: check 2 wants its signature then, and the
 * authorisation rules the proof that our user invited the address. Source: Server-Server API, "Third-party invites".
 */
export async function checkSender(
  serverName: ServerName,
  keys: KeyRing,
  rules: RoomVersionRules,
  pdu: Pdu,
): Promise<Result<void, string>> {
  if (userIdServer(pdu.sender) !== serverName) return allow(undefined);
  if (requiredSigners(rules, pdu).some(({ why }) => why === 'third-party-invite')) return allow(undefined);
  const isOurs = (await signedBy(keys, rules, pdu, serverName)) === 'signed';
  return isOurs ? allow(undefined) : deny('The sender is a user of this server, which did not sign the event');
}
