// Before check 2: an event by one of our own users that we did not sign is dropped, and nothing is fetched for it.
import type { Pdu } from '../../matrix/event/pdu.ts';
import type { ServerName } from '../../matrix/ids/brands.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import { allow, deny, type Result } from '../../matrix/result.ts';
import type { RoomVersionRules } from '../../matrix/room-versions/rules.ts';
import type { KeyRing } from '../key-ring.ts';
import { signedBy } from './check-signatures.ts';

/** One that carries our signature is let through: a restored backup may not know it. */
export async function checkSender(
  serverName: ServerName,
  keys: KeyRing,
  rules: RoomVersionRules,
  pdu: Pdu,
): Promise<Result<void, string>> {
  if (userIdServer(pdu.sender) !== serverName) return allow(undefined);
  const isOurs = (await signedBy(keys, rules, pdu, serverName)) === 'signed';
  return isOurs ? allow(undefined) : deny('The sender is a user of this server, which did not sign the event');
}
