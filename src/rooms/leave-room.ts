import { notFound } from '../matrix/error.ts';
import type { RoomId, ServerName, UserId } from '../matrix/ids/brands.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';
import { roomVersionRules } from '../matrix/room-versions/versions.ts';
import { membershipFromTemplate } from './membership-from-template.ts';
import type { Asker, MembershipCall, RoomsDeps, Sent } from './ports.ts';

/**
 * Leaves a room, or rejects an invitation to it; the rejection of an invitation from outside is stored at once, and the
 * room sees to it that the inviter's server learns of it.
 * Source: Client-Server API, `POST /rooms/{roomId}/leave`.
 */
export async function leaveRoom(
  deps: {
    readonly registry: Pick<RoomsDeps['registry'], 'has'>;
    readonly rooms: Pick<RoomsDeps['rooms'], 'status' | 'rejectInvite' | 'changeMembership'>;
  },
  asker: Pick<Asker, 'userId'>,
  roomId: RoomId,
  content: JsonObject,
  how: Pick<MembershipCall, 'originServerTs'> = {},
): Promise<Sent> {
  if (!(await deps.registry.has(roomId))) throw notFound('You are not in this room');
  const { lifecycle } = await deps.rooms.status({ roomId });
  const { userId } = asker;
  if (lifecycle !== 'live') return deps.rooms.rejectInvite({ roomId, userId, content });
  return deps.rooms.changeMembership({ roomId, action: 'leave', sender: userId, target: userId, content, ...how });
}

export type TellDeps = Pick<RoomsDeps, 'serverName' | 'remote' | 'signingKey' | 'now' | 'randomId'>;

/** Tells the inviter's server that its invitation was rejected. @returns whether it knows now. */
export async function tellRejection(
  deps: TellDeps,
  userId: UserId,
  roomId: RoomId,
  server: ServerName,
): Promise<boolean> {
  const made = await deps.remote.makeLeave(server, { roomId, userId });
  if (!made.ok) return made.reason.status === 403 || made.reason.status === 404;
  const rules = roomVersionRules(made.value.roomVersion);
  if (rules === undefined) return false;
  const pdu = await membershipFromTemplate(deps, rules, made.value.event, {
    userId,
    roomId,
    content: { membership: 'leave' },
  });
  if (pdu === undefined) return false;
  const sent = await deps.remote.sendLeave(server, { roomId, eventId: pdu.eventId, event: pdu.json });
  return sent.ok || sent.reason.status === 403;
}
