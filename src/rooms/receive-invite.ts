import type { SigningKey } from '../matrix/crypto/ed25519.ts';
import { forbidden, incompatibleRoomVersion, inviteBlocked, invalidParam, notFound } from '../matrix/error.ts';
import type { Pdu } from '../matrix/event/pdu.ts';
import { signPdu } from '../matrix/event/sign.ts';
import { parseUserId, userIdServer } from '../matrix/ids/user-id.ts';
import type { RoomId, ServerName, UserId } from '../matrix/ids/brands.ts';
import { canonicalJson } from '../matrix/json/canonical-json.ts';
import type { JsonObject, JsonValue } from '../matrix/json/json-value.ts';
import { roomVersionRules } from '../matrix/room-versions/versions.ts';
import { receivedInviteState } from './received-invite-state.ts';
import type { KnownRooms } from './known-room-version.ts';
import type { CheckedPdu, LocalUsers, PduChecker, RoomRegistry, Sent } from './ports.ts';
import { kindOf, refuseKind, type RoomLimits } from './room-limits.ts';
import { readMembership, requireSigned, type ReceivedMembership } from './received-event.ts';

export interface InviteDeps {
  readonly serverName: ServerName;
  readonly knownRooms: KnownRooms;
  readonly registry: Pick<RoomRegistry, 'add' | 'setVersion'>;
  readonly users: Pick<LocalUsers, 'shardOf' | 'blocksInvites' | 'mayFederate'>;
  readonly pdus: PduChecker;
  readonly signingKey: () => Promise<SigningKey>;
  readonly roomLimits: () => Promise<RoomLimits>;
  readonly rooms: {
    receiveInvite(call: {
      roomId: RoomId;
      roomVersion: string;
      pdu: CheckedPdu;
      shard: string;
      inviteRoomState: readonly JsonObject[];
    }): Promise<Sent>;
  };
}

export interface ReceivedInvite extends ReceivedMembership {
  readonly roomVersion: string;
  readonly inviteRoomState: JsonValue | undefined;
}

/** Source: Room Versions, "Room version grammar". */
const MAX_VERSION = 32;

/**
 * Takes an invitation of one of our users: signs it, and stores it before anybody is told so.
 * @returns the event with our signature, as canonical JSON without `unsigned`.
 * Throws `M_INCOMPATIBLE_ROOM_VERSION`, `M_INVALID_PARAM` for anything but a signed invitation of a user of ours by a
 * user of the origin, `M_NOT_FOUND` where that user does not exist, `M_INVITE_BLOCKED` where they want no invitations, `M_FORBIDDEN` where a room that we are in refuses it,
 * where the user may not meet other servers, and where it is of a kind that our users take no part in, as far as `invite_room_state` tells.
 * Source: Server-Server API, `PUT /v2/invite/{roomId}/{eventId}`.
 */
export async function receiveInvite(deps: InviteDeps, request: ReceivedInvite): Promise<string> {
  const { roomId, roomVersion } = request;
  const rules = roomVersionRules(roomVersion);
  if (rules === undefined) {
    if (roomVersion.length > MAX_VERSION) throw invalidParam('That is no room version');
    throw incompatibleRoomVersion('This server does not know the version of that room', { room_version: roomVersion });
  }
  const pdu = readMembership(rules, request, 'invite');
  const invitee = localInvitee(deps.serverName, pdu);
  const known = await deps.knownRooms.versionOf(roomId);
  const shard = await deps.users.shardOf(invitee);
  if (shard === undefined) throw notFound(`${invitee} does not exist`);
  await requireSigned(deps.pdus, rules, pdu);
  if (await deps.users.blocksInvites({ userId: invitee, shard }))
    throw inviteBlocked(`${invitee} wants no invitations`);
  if (!(await deps.users.mayFederate(invitee))) {
    throw forbidden(`${invitee} may not be in rooms with other servers`, { reason: 'user-not-eligible' });
  }
  const inviteRoomState = await receivedInviteState(deps.pdus, rules, roomId, request.inviteRoomState);
  refuseKind(await deps.roomLimits(), kindOf(inviteRoomState));
  const signed = signPdu(rules, pdu, deps.serverName, await deps.signingKey());
  if (!signed.ok) throw invalidParam('The event has no room for our signature');
  const json = canonicalJson(signed.value.json);
  await deps.registry.add(roomId, rules.id);
  await deps.rooms.receiveInvite({
    roomId,
    roomVersion: rules.id,
    pdu: { eventId: pdu.eventId, json },
    shard,
    inviteRoomState,
  });
  // The room has taken the version over: we were never in it.
  if (known !== undefined && known !== rules.id) await deps.registry.setVersion(roomId, rules.id);
  return json;
}

function localInvitee(serverName: ServerName, { stateKey }: Pdu): UserId {
  const invitee = parseUserId(stateKey ?? '');
  if (!invitee.ok || userIdServer(invitee.value) !== serverName) {
    throw invalidParam('The invited user is not one of this server');
  }
  return invitee.value;
}
