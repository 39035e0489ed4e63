import { notFound } from '../matrix/error.ts';
import { userIdServer } from '../matrix/ids/user-id.ts';
import type { RoomId, ServerName } from '../matrix/ids/brands.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';
import { roomVersionRules } from '../matrix/room-versions/versions.ts';
import { membershipFromTemplate } from './join-room.ts';
import type { Asker, RoomsDeps, Sent } from './ports.ts';

export interface Left {
  readonly sent: Sent;
  /** Of a rejected remote invite: whom to tell. */
  readonly tell: ServerName | undefined;
}

/**
 * Leaves a room, or rejects an invitation to it; the rejection of an invitation from outside is stored at once, and the
 * inviter's server is told after that. Source: Client-Server API, `POST /rooms/{roomId}/leave`.
 */
export async function leaveRoom(deps: RoomsDeps, asker: Asker, roomId: RoomId, content: JsonObject): Promise<Left> {
  if (!(await deps.registry.has(roomId))) throw notFound('You are not in this room');
  const { lifecycle } = await deps.rooms.status({ roomId });
  const { userId } = asker;
  if (lifecycle === 'live') {
    const sent = await deps.rooms.changeMembership({
      roomId,
      action: 'leave',
      sender: userId,
      target: userId,
      content,
    });
    return { sent, tell: undefined };
  }
  const inviter = await deps.rooms.inviter({ roomId, userId });
  const sent = await deps.rooms.rejectInvite({ roomId, userId, content });
  return { sent, tell: inviter === undefined ? undefined : userIdServer(inviter) };
}

/** Tells the inviter's server that its invitation was rejected. @returns whether it knows now. */
export async function tellRejection(
  deps: RoomsDeps,
  asker: Asker,
  roomId: RoomId,
  server: ServerName,
): Promise<boolean> {
  const made = await deps.remote.makeLeave(server, { roomId, userId: asker.userId });
  if (!made.ok) return made.reason.status === 403 || made.reason.status === 404;
  const rules = roomVersionRules(made.value.roomVersion);
  if (rules === undefined) return false;
  const pdu = await membershipFromTemplate(deps, rules, made.value.event, {
    asker,
    roomId,
    content: { membership: 'leave' },
  });
  if (pdu === undefined) return false;
  const sent = await deps.remote.sendLeave(server, { roomId, eventId: pdu.eventId, event: pdu.json });
  return sent.ok || sent.reason.status === 403;
}
