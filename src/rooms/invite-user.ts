import { badGateway, badJson, forbidden, MatrixError, notFound } from '../matrix/error.ts';
import { parsePdu } from '../matrix/event/format.ts';
import { userIdServer } from '../matrix/ids/user-id.ts';
import type { RoomId, UserId } from '../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject } from '../matrix/json/json-value.ts';
import { plainJson } from '../matrix/json/plain-json.ts';
import { parseJson } from '../matrix/json/strict-json.ts';
import { roomVersionRules } from '../matrix/room-versions/versions.ts';
import type { RemoteFailure, RoomsDeps, Sent } from './ports.ts';

/**
 * Invites a user. A user of another server is invited by a draft that their server signs before the room commits it.
 * Throws `M_NOT_FOUND` for a local user who does not exist, and what the other server answers.
 * Source: Client-Server API, `POST /rooms/{roomId}/invite`.
 */
export async function inviteUser(
  deps: RoomsDeps,
  sender: UserId,
  roomId: RoomId,
  target: UserId,
  content: JsonObject,
): Promise<Sent> {
  const server = userIdServer(target);
  if (server !== deps.serverName) return inviteRemote(deps, { roomId, action: 'invite', sender, target, content });
  const shard = await deps.users.shardOf(target);
  if (shard === undefined) throw notFound(`${target} does not exist`);
  const profile = await deps.users.profileOf({ userId: target, shard });
  return deps.rooms.changeMembership({
    roomId,
    action: 'invite',
    sender,
    target,
    targetShard: shard,
    content: { ...profile, ...content },
  });
}

async function inviteRemote(deps: RoomsDeps, call: Parameters<RoomsDeps['rooms']['draftInvite']>[0]): Promise<Sent> {
  const server = userIdServer(call.target);
  const draft = await deps.rooms.draftInvite(call);
  const event = parseJson(draft.json);
  const rules = roomVersionRules(draft.roomVersion);
  if (!event.ok || !isJsonObject(event.value) || rules === undefined) throw new Error('the draft is no event');
  const answer = await deps.remote.invite(server, {
    roomId: call.roomId,
    eventId: draft.eventId,
    roomVersion: draft.roomVersion,
    event: event.value,
    inviteRoomState: draft.inviteRoomState,
  });
  if (!answer.ok) throw remoteError(answer.reason, server);
  const signed = parsePdu(rules, answer.value);
  const isTheSame = signed.ok && signed.value.eventId === draft.eventId;
  if (!isTheSame || !(await deps.pdus.isSignedBy(rules, signed.value, server))) {
    throw badGateway(`${server} did not sign the invitation`);
  }
  const signatures = signed.value.json['signatures'];
  if (!isJsonObject(signatures)) throw badJson('no signatures');
  const theirs = signatures[server];
  if (theirs === undefined) throw badGateway(`${server} did not sign the invitation`);
  return deps.rooms.commitInvite({
    roomId: call.roomId,
    eventId: draft.eventId,
    signatures: plainJson({ [server]: theirs }),
  });
}

/** What another server's refusal means to our client: its own error where it gave one, else 502. */
export function remoteError(failure: RemoteFailure, server: string): MatrixError {
  const { kind, status, errcode, error } = failure;
  if (kind === 'unreachable') return badGateway(`${server} could not be reached: ${error}`);
  if (status === 403) return forbidden(error === '' ? `${server} refused` : error);
  // What we sent was wrong: that is no fault of our client's (Server-Server API, "Inviting to a room").
  const isOurs = errcode === 'M_INVALID_PARAM' || errcode === 'M_MISSING_PARAM';
  if (status !== undefined && status >= 400 && status < 500 && errcode !== undefined && !isOurs) {
    // 401 would end our own user's session.
    return new MatrixError(status === 401 ? 403 : status, status === 401 ? 'M_FORBIDDEN' : errcode, error);
  }
  return badGateway(`${server} answered with an error: ${error}`);
}
