import { invalidParam } from '../matrix/error.ts';
import { authorisingServer } from '../matrix/auth/restricted-join.ts';
import type { EventId, RoomId, ServerName, UserId } from '../matrix/ids/brands.ts';
import { canonicalJson } from '../matrix/json/canonical-json.ts';
import { joinStanding, type JoinStanding, type StandingRooms } from './join-standing.ts';
import { requireKnownRoomVersion, type KnownRooms } from './known-room-version.ts';
import type { CheckedPdu, PduChecker } from './ports.ts';
import { readMembership, requireSigned, requireSignedBy, type ReceivedMembership } from './received-event.ts';

export interface MembershipDeps {
  readonly serverName: ServerName;
  readonly knownRooms: KnownRooms;
  readonly pdus: PduChecker;
  readonly rooms: {
    acceptMembership(call: {
      roomId: RoomId;
      origin: ServerName;
      pdu: CheckedPdu;
      membership: 'join' | 'leave' | 'knock';
      standing?: JoinStanding | undefined;
    }): Promise<void>;
  } & StandingRooms;
  /** The server shares a room with us now. Its failure changes nothing. */
  readonly onSharedRoom: (origin: ServerName) => Promise<void>;
}

/**
 * Takes the join, leave or knock that a server made of our template and signed. Handing the same event in again changes
 * nothing.
 * Throws `M_NOT_FOUND` for a room that we are not in, `M_INVALID_PARAM` for another event than is asked for or one that
 * is not signed, `M_FORBIDDEN` for what the room refuses; of a join that we do not answer for
 * `M_UNABLE_TO_AUTHORISE_JOIN` or `M_UNABLE_TO_GRANT_JOIN`.
 * Source: Server-Server API, `PUT /v2/send_join/{roomId}/{eventId}`, `PUT /v2/send_leave/{roomId}/{eventId}` and
 * `PUT /v1/send_knock/{roomId}/{eventId}`.
 */
export async function receiveMembership(
  deps: MembershipDeps,
  request: ReceivedMembership,
  membership: 'join' | 'leave' | 'knock',
): Promise<void> {
  const { origin, roomId } = request;
  const rules = await requireKnownRoomVersion(deps.knownRooms, roomId);
  const pdu = readMembership(rules, request, membership);
  if (pdu.stateKey !== pdu.sender) throw invalidParam('The state key is not the sender');
  // A join that one of our users answers for is signed by the room, which judges whether they do.
  const isOursToSign = membership === 'join' && authorisingServer(rules, pdu) === deps.serverName;
  if (isOursToSign) await requireSignedBy(deps.pdus, rules, pdu, origin);
  else await requireSigned(deps.pdus, rules, pdu);
  const standing = isOursToSign ? await standingForServer(deps, roomId, pdu.sender) : undefined;
  const checked = { eventId: pdu.eventId, json: canonicalJson(pdu.json) };
  await deps.rooms.acceptMembership({ roomId, origin, pdu: checked, membership, standing });
  // Who knocks is told what becomes of it.
  if (membership !== 'leave') await deps.onSharedRoom(origin).catch(() => undefined);
}

export interface JoinAnswers<Answer> {
  joinAnswer(call: { roomId: RoomId; origin: ServerName; eventId: EventId; omitMembers: boolean }): Promise<Answer>;
}

/**
 * Takes a join as {@link receiveMembership} does.
 * @returns what the server needs to be in the room, as the room gives it. The same for a join that is handed in again.
 */
export async function receiveJoin<Answer>(
  deps: MembershipDeps & { readonly rooms: JoinAnswers<Answer> },
  request: ReceivedMembership,
  { omitMembers }: { readonly omitMembers: boolean },
): Promise<Answer> {
  await receiveMembership(deps, request, 'join');
  const { origin, roomId, eventId } = request;
  return deps.rooms.joinAnswer({ roomId, origin, eventId, omitMembers });
}

/** {@link joinStanding} of a user who joins over us. */
export function standingForServer(
  {
    serverName,
    knownRooms,
    rooms,
  }: Pick<MembershipDeps, 'serverName' | 'knownRooms'> & { readonly rooms: StandingRooms },
  roomId: RoomId,
  userId: UserId,
): Promise<JoinStanding | undefined> {
  const isKnown = async (other: RoomId) => (await knownRooms.versionOf(other)) !== undefined;
  return joinStanding({ serverName, rooms, isKnown }, roomId, userId);
}
