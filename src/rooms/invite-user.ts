import {
  badGateway,
  badJson,
  eyrieConnectionFailed,
  eyriePolicyDenied,
  eyrieUserNotFound,
  forbidden,
  inviteBlocked,
  MatrixError,
} from '../matrix/error.ts';
import { parsePdu } from '../matrix/event/format.ts';
import { userIdServer } from '../matrix/ids/user-id.ts';
import type { RoomId, ServerName, UserId } from '../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../matrix/json/json-value.ts';
import { plainJson } from '../matrix/json/plain-json.ts';
import { parseJson } from '../matrix/json/strict-json.ts';
import { roomVersionRules } from '../matrix/room-versions/versions.ts';
import { requireEligible } from './eligible.ts';
import type { InviteDraft, MembershipCall, RemoteFailure, RoomsDeps, Sent } from './ports.ts';

/**
 * Invites a user. A user of another server is invited by a draft that their server signs before the room commits it.
 * Throws `EYRIE_USER_NOT_FOUND` for a user who does not exist, `M_INVITE_BLOCKED` for one of ours who wants no
 * invitations, what the other server answers, and why it does not.
 * Source: Client-Server API, `POST /rooms/{roomId}/invite`.
 */
export async function inviteUser(
  deps: RoomsDeps,
  sender: UserId,
  roomId: RoomId,
  target: UserId,
  content: JsonObject,
  how: Pick<MembershipCall, 'isExchange' | 'originServerTs'> = {},
): Promise<Sent> {
  const server = userIdServer(target);
  if (server !== deps.serverName)
    return inviteRemote(deps, { roomId, action: 'invite', sender, target, content, ...how });
  const shard = await deps.users.shardOf(target);
  if (shard === undefined) throw eyrieUserNotFound(`${target} does not exist`);
  const [isBlocked, profile] = await Promise.all([
    deps.users.blocksInvites({ userId: target, shard }),
    deps.users.profileOf({ userId: target, shard }),
  ]);
  if (isBlocked) throw inviteBlocked(`${target} wants no invitations`);
  return deps.rooms.changeMembership({
    roomId,
    action: 'invite',
    sender,
    target,
    targetShard: shard,
    content: { ...profile, ...content },
    ...how,
  });
}

async function inviteRemote(deps: RoomsDeps, call: Parameters<RoomsDeps['rooms']['draftInvite']>[0]): Promise<Sent> {
  await requireEligible(deps.users, call.sender);
  const draft = await deps.rooms.draftInvite(call);
  return askForInvite(deps, call.roomId, userIdServer(call.target), draft);
}

/**
 * Has the invitee's server sign a draft, and commits it. What that server answers is final: a draft that it did not sign
 * is given up.
 */
export async function askForInvite(
  deps: Pick<RoomsDeps, 'rooms' | 'remote' | 'pdus'>,
  roomId: RoomId,
  server: ServerName,
  draft: InviteDraft,
): Promise<Sent> {
  const { eventId } = draft;
  try {
    const signature = await signedByInvitee(deps, roomId, server, draft);
    return await deps.rooms.commitInvite({ roomId, eventId, signatures: plainJson({ [server]: signature }) });
  } catch (error) {
    if (error instanceof MatrixError) await deps.rooms.dropInvite({ roomId, eventId });
    throw error;
  }
}

async function signedByInvitee(
  deps: Pick<RoomsDeps, 'remote' | 'pdus'>,
  roomId: RoomId,
  server: ServerName,
  { eventId, json, roomVersion, inviteRoomState }: InviteDraft,
): Promise<JsonValue> {
  const event = parseJson(json);
  const rules = roomVersionRules(roomVersion);
  if (!event.ok || !isJsonObject(event.value) || rules === undefined) throw new Error('the draft is no event');
  const answer = await deps.remote.invite(server, {
    roomId,
    eventId,
    roomVersion,
    event: event.value,
    inviteRoomState,
  });
  if (!answer.ok) throw inviteError(answer.reason, server);
  const signed = parsePdu(rules, answer.value);
  const isTheSame = signed.ok && signed.value.eventId === eventId;
  if (!isTheSame || !(await deps.pdus.isSignedBy(rules, signed.value, server))) {
    throw badGateway(`${server} did not sign the invitation`);
  }
  const signatures = signed.value.json['signatures'];
  if (!isJsonObject(signatures)) throw badJson('no signatures');
  const theirs = signatures[server];
  if (theirs === undefined) throw badGateway(`${server} did not sign the invitation`);
  return theirs;
}

/** {@link remoteError}; what is not found is the user. */
function inviteError(failure: RemoteFailure, server: string): MatrixError {
  const error = remoteError(failure, server);
  return error.errcode === 'M_NOT_FOUND' ? eyrieUserNotFound(`${server} has no such user: ${error.message}`) : error;
}

/**
 * What another server may say to our client in its own words. Anything else of its errcodes would be taken for ours:
 * `M_UNKNOWN_TOKEN` ends a session, `M_UNRECOGNIZED` says that we lack the endpoint.
 */
const PASSED_ON: ReadonlySet<string> = new Set([
  'M_BAD_ALIAS',
  'M_BAD_STATE',
  'M_INCOMPATIBLE_ROOM_VERSION',
  'M_INVITE_BLOCKED',
  'M_NOT_FOUND',
  'M_TOO_LARGE',
  'M_UNABLE_TO_AUTHORISE_JOIN',
  'M_UNABLE_TO_GRANT_JOIN',
  'M_UNSUPPORTED_ROOM_VERSION',
]);

/**
 * What another server's refusal means to our client: its own error where it gave one, else 502; our own codes where our
 * settings or the connection are at fault.
 */
export function remoteError(failure: RemoteFailure, server: string): MatrixError {
  const { kind, status, errcode, error } = failure;
  if (kind === 'denied') return eyriePolicyDenied(`${server} is not asked: ${error}`);
  if (kind === 'unreachable') return eyrieConnectionFailed(`${server} ${error}`);
  const isKnown = errcode !== undefined && PASSED_ON.has(errcode);
  // A 401 would end our own user's session.
  if (status === 401 || (status === 403 && !isKnown)) return forbidden(error === '' ? `${server} refused` : error);
  if (isKnown && status !== undefined && status >= 400 && status < 500) return new MatrixError(status, errcode, error);
  const isOfTheRequest = status !== undefined && status >= 400 && status < 500;
  return (isOfTheRequest ? badGateway : eyrieConnectionFailed)(`${server} answered with an error: ${error}`);
}
