import { badJson, forbidden, guestAccessForbidden, invalidParam } from '../matrix/error.ts';
import { parseUserId } from '../matrix/ids/user-id.ts';
import type { RoomId, UserId } from '../matrix/ids/brands.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';
import { checkCanonicalAlias } from './canonical-alias.ts';
import { inviteUser } from './invite-user.ts';
import { joinHere } from './join-here.ts';
import { knockRoom } from './knock-room.ts';
import { requireKnownRoom } from './known-room.ts';
import { leaveRoom } from './leave-room.ts';
import type { Asker, MembershipAction, RoomsDeps, Sent } from './ports.ts';
import type { AliasesDeps } from './room-aliases.ts';
import { membershipOf } from './room-reader.ts';

export interface SendStateDeps {
  readonly rooms: RoomsDeps;
  readonly room: AliasesDeps['room'] & {
    send(call: {
      roomId: RoomId;
      draft: { type: string; stateKey: string; sender: UserId; content: JsonObject; originServerTs?: number };
    }): Promise<Sent>;
  };
}

export interface StateToSend {
  readonly roomId: RoomId;
  readonly type: string;
  readonly stateKey: string;
  readonly content: JsonObject;
  /** Milliseconds; else now. */
  readonly originServerTs?: number;
}

/**
 * Sends a state event of a client. A membership goes the way of the membership calls, so that other servers are asked
 * as they must be. Throws `M_FORBIDDEN`, `M_GUEST_ACCESS_FORBIDDEN`, `M_BAD_JSON`, `M_INVALID_PARAM`, `M_BAD_ALIAS`.
 * Source: Client-Server API, `PUT /rooms/{roomId}/state/{eventType}/{stateKey}`.
 */
export async function sendState(deps: SendStateDeps, asker: Asker, event: StateToSend): Promise<Sent> {
  const { roomId, type, stateKey, content, originServerTs } = event;
  if (type === 'm.room.create') throw forbidden('A room is created once');
  await requireKnownRoom(deps.rooms.registry, roomId);
  if (type === 'm.room.member') return sendMembership(deps, asker, event);
  if (type === 'm.room.canonical_alias' && stateKey === '') await checkCanonicalAlias(deps, asker, roomId, content);
  const time = originServerTs === undefined ? {} : { originServerTs };
  return deps.room.send({ roomId, draft: { type, stateKey, sender: asker.userId, content, ...time } });
}

async function sendMembership({ rooms, room }: SendStateDeps, asker: Asker, event: StateToSend): Promise<Sent> {
  const { roomId, stateKey, originServerTs } = event;
  const time = originServerTs === undefined ? {} : { originServerTs };
  const target = parseUserId(stateKey);
  if (!target.ok) throw invalidParam('The state key of a membership is a user ID');
  const { membership, ...content } = event.content;
  const isOwn = target.value === asker.userId;
  requireOpenToGuests(asker, isOwn, membership);
  if (membership === 'invite') {
    return inviteUser(rooms, asker.userId, roomId, target.value, content, time);
  }
  if (membership === 'leave' && isOwn) return leaveRoom(rooms, asker, roomId, content, time);
  if (membership === 'knock' && isOwn) return knockRoom(rooms, asker, roomId, [], content);
  if (membership === 'join' && isOwn) return joinHere(rooms, asker, roomId, content, { isWhole: true, ...time });
  const action =
    membership === 'leave'
      ? actionOfLeave(await membershipOf(room, asker, roomId, target.value))
      : actionOf(membership);
  return rooms.rooms.changeMembership({
    roomId,
    action,
    sender: asker.userId,
    target: target.value,
    content,
    isWhole: true,
    ...time,
  });
}

/** Of the membership calls guests have two, and have no others by this one. Source: Client-Server API, "Guest access". */
function requireOpenToGuests({ isGuest = false }: Asker, isOwn: boolean, membership: JsonObject[string]): void {
  if (!isGuest || (isOwn && (membership === 'join' || membership === 'leave'))) return;
  throw guestAccessForbidden('Guests may only join and leave themselves');
}

const actionOfLeave = (held: string): MembershipAction => (held === 'ban' ? 'unban' : 'kick');

function actionOf(membership: JsonObject[string]): MembershipAction {
  if (membership === 'ban') return 'ban';
  if (membership === 'join') throw forbidden('Only users themselves can join');
  if (membership === 'knock') throw forbidden('Only users themselves can knock');
  throw badJson('Wrong value at membership');
}
