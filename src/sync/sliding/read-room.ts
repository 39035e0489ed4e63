import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { rulesInRoom } from '../../matrix/push-rules/rules-in-room.ts';
import { strippedState } from '../invites.ts';
import type { SentRoom, SlidingPlan, SlidingRoom, SlidingRooms } from './ports.ts';
import { roomResult, strippedResult, type Dialect } from './room-result.ts';

export interface RoomReader {
  readonly userId: UserId;
  readonly deviceId: string;
  readonly dialect: Dialect;
}

/** What an answer has of one room. */
export interface RoomPart {
  readonly roomId: RoomId;
  /** `undefined`: there is nothing to tell. */
  readonly result: JsonObject | undefined;
  /** The content of an `m.receipt` event. */
  readonly receipts: JsonObject | undefined;
  readonly accountData: SlidingRoom['accountData'];
  /** What the client knows with this answer. */
  readonly known: SentRoom;
}

/** @returns `undefined` where the room has nothing to show. */
export async function readRoom(
  rooms: SlidingRooms,
  reader: RoomReader,
  plan: SlidingPlan,
  room: SlidingRoom,
): Promise<RoomPart | undefined> {
  const { roomId, membership } = room;
  const { userId, dialect } = reader;
  const known = knownOf(room);
  if (membership === 'invite' || membership === 'knock') {
    const { ignoredUsers, blocksInvites } = plan;
    const events = await strippedState(rooms, room, { userId, ignoredUsers, blocksInvites });
    if (events === undefined) return undefined;
    return {
      roomId,
      result: strippedResult(room, events, dialect),
      receipts: undefined,
      accountData: undefined,
      known,
    };
  }
  const answer = await rooms.readSliding(queryOf(reader, plan, room));
  if (answer === undefined) return undefined;
  const isTold = answer.isNews || room.isDirectNews;
  return {
    roomId,
    result: isTold ? roomResult(room, answer, dialect) : undefined,
    receipts: answer.receipts,
    accountData: room.accountData,
    known: { ...known, seen: answer.seen },
  };
}

function knownOf({ to, membership, required, isDirect, sent, receiptsFrom, accountData }: SlidingRoom): SentRoom {
  return {
    pos: to,
    membership,
    seen: sent?.seen ?? 0,
    required,
    isDirect,
    receiptsPos: receiptsFrom === undefined ? sent?.receiptsPos : to,
    hasAccountData: accountData !== undefined || sent?.hasAccountData === true,
  };
}

function queryOf({ userId, deviceId }: RoomReader, { ignoredUsers, pushRules }: SlidingPlan, room: SlidingRoom) {
  const { roomId, from, to, liveFrom, timelineLimit, required, sent, receiptsFrom } = room;
  const rules = pushRules === undefined ? undefined : rulesInRoom(pushRules, roomId);
  return {
    roomId,
    userId,
    scope: `${userId}/${deviceId}`,
    from,
    to,
    liveFrom,
    seen: from === undefined ? 0 : (sent?.seen ?? 0),
    timelineLimit,
    required,
    known: from === undefined ? [] : (sent?.required ?? []),
    ignoredUsers,
    ...(receiptsFrom === undefined ? {} : { receiptsFrom }),
    ...(rules === undefined ? {} : { pushRules: rules }),
  };
}
