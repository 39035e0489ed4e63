import { provenKeys } from '../../matrix/auth/third-party-invite.ts';
import { forbidden, notFound } from '../../matrix/error.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import type { RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { inviteUser } from '../invite-user.ts';
import type { ExchangeDeps, SignedBinding } from './ports.ts';

export interface Exchange {
  readonly roomId: RoomId;
  /** Who asks: the invited user's server. */
  readonly origin: ServerName;
  /** Who invited the address. */
  readonly sender: UserId;
  readonly target: UserId;
  readonly signed: SignedBinding;
}

/**
 * Invites the user to whom an invited address turned out to belong, in the name of who invited the address. The key of
 * the identity server is asked for here and by nobody after us. Throws `M_FORBIDDEN`, `M_NOT_FOUND`, and what the
 * invited user's server answers. Source: Client-Server API, "Third-party invites"; Server-Server API, the same.
 */
export async function exchangeInvite(deps: ExchangeDeps, exchange: Exchange): Promise<void> {
  const { roomId, origin, sender, target, signed } = exchange;
  if (userIdServer(sender) !== deps.rooms.serverName) throw forbidden('Who invited is not a user of this server');
  if (signed.mxid !== target) throw forbidden('The address belongs to another user');
  if (!(await deps.rooms.registry.has(roomId))) throw notFound('This server is not in that room');
  const invite = await deps.room.thirdPartyInvite({ roomId, origin, token: signed.token });
  if (invite.sender !== sender) throw forbidden('Somebody else invited');
  await requireValidKey(deps, signed, invite.content);
  const { display_name: given } = invite.content;
  const content = { third_party_invite: { display_name: typeof given === 'string' ? given : '', signed } };
  await inviteUser(deps.rooms, sender, roomId, target, content, { isExchange: true });
}

async function requireValidKey({ identity }: ExchangeDeps, signed: JsonObject, invite: JsonObject): Promise<void> {
  for (const { publicKey, validityUrl } of provenKeys(signed, invite)) {
    if (validityUrl === undefined || (await identity.isKeyValid(validityUrl, publicKey))) return;
  }
  throw forbidden('The identity server did not sign that the address belongs to the user');
}
