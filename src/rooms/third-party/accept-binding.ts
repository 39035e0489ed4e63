import { MatrixError, notFound } from '../../matrix/error.ts';
import { userIdServer } from '../../matrix/ids/user-id.ts';
import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import { remoteError } from '../invite-user.ts';
import { exchangeInvite } from './exchange-invite.ts';
import type { BindingDeps, SignedBinding } from './ports.ts';

export interface PendingInvite {
  readonly roomId: RoomId;
  /** Who invited the address. */
  readonly sender: UserId;
  readonly signed: SignedBinding;
}

/**
 * A user of ours has bound an address: the invitations that it got become theirs. Those of our users are exchanged here,
 * others by the server of who invited. Throws `M_NOT_FOUND` for a user who is not ours, 502 where a server could not be
 * reached, so that the identity server tells it again; what is refused is done.
 * Source: Server-Server API, "Third-party invites".
 */
export async function acceptBinding(
  deps: BindingDeps,
  userId: UserId,
  invites: readonly PendingInvite[],
): Promise<void> {
  const { serverName, users } = deps.rooms;
  const isOurs = userIdServer(userId) === serverName && (await users.shardOf(userId)) !== undefined;
  if (!isOurs) throw notFound('There is no such user here');
  let failure: MatrixError | undefined;
  for (const invite of invites) {
    try {
      await accept(deps, userId, invite);
    } catch (error) {
      if (!(error instanceof MatrixError)) throw error;
      if (error.status >= 500) failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
}

async function accept(deps: BindingDeps, userId: UserId, { roomId, sender, signed }: PendingInvite): Promise<void> {
  const { serverName } = deps.rooms;
  const server = userIdServer(sender);
  if (server === serverName) {
    await exchangeInvite(deps, { roomId, origin: serverName, sender, target: userId, signed });
    return;
  }
  // The name to show is the room's own: whose server has the room puts it there.
  const content = { membership: 'invite', third_party_invite: { display_name: '', signed } };
  const event = { type: 'm.room.member', room_id: roomId, sender, state_key: userId, content };
  const answer = await deps.remoteExchange(server, { roomId, event });
  if (!answer.ok) throw remoteError(answer.reason, server);
}
