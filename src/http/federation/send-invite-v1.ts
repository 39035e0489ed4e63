// PUT /_matrix/federation/v1/invite/{roomId}/{eventId} (Server-Server API, "Inviting to a room")
import { Hono } from 'hono';

import { badJson } from '../../matrix/error.ts';
import { isJsonObject, type JsonValue } from '../../matrix/json/json-value.ts';
import { receiveInvite } from '../../rooms/receive-invite.ts';
import { pairAnswer } from './pdu-answer.ts';
import { receivedMembership } from './received-membership.ts';
import type { FederationRoomDeps } from './room-routes-deps.ts';

export const sendInviteV1 = (deps: FederationRoomDeps) =>
  new Hono().put('/_matrix/federation/v1/invite/:roomId/:eventId', deps.requireServer, async (c) => {
    const { body } = c.var;
    if (!isJsonObject(body)) throw badJson('The body is not an object');
    const membership = receivedMembership(c.var, c.req.param());
    const { unsigned } = body;
    const inviteRoomState = isJsonObject(unsigned) ? unsigned['invite_room_state'] : undefined;
    const roomVersion = claimedVersion(inviteRoomState, await deps.knownRooms.versionOf(membership.roomId));
    return pairAnswer({ event: await receiveInvite(deps, { ...membership, roomVersion, inviteRoomState }) });
  });

/** The request names none: it is "1" or "2", which the create event tells apart, or what we know of the room. */
function claimedVersion(inviteRoomState: JsonValue | undefined, known: string | undefined): '1' | '2' {
  const entries: readonly JsonValue[] = Array.isArray(inviteRoomState) ? inviteRoomState : [];
  const create = entries.filter(isJsonObject).find(({ type }) => type === 'm.room.create');
  const content = create?.['content'];
  const named = isJsonObject(content) ? (content['room_version'] ?? '1') : known;
  return named === '2' ? '2' : '1';
}
