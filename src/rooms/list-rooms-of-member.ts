import { userIdServer } from '../matrix/ids/user-id.ts';
import type { RoomId, ServerName, UserId } from '../matrix/ids/brands.ts';
import type { ListedRoom, RoomList, RoomListFilter, RoomListKey, RoomOrder } from './room-list.ts';

export interface RoomsOfMemberDeps {
  readonly serverName: ServerName;
  readonly list: Pick<RoomList, 'page'>;
  readonly rooms: {
    /** `undefined`: we are not in the room. */
    isJoined(call: { readonly roomId: RoomId; readonly userId: UserId }): Promise<boolean | undefined>;
  };
}

/** Rooms with the user's server that are asked whether the user is in them, and at a time. */
const MAX_ASKED = 1_000;
const AT_ONCE = 20;

/** {@link RoomList.page}, with a `member` who may be of another server: of those only the rooms know, which are asked. */
export async function listRoomsOfMember(
  { serverName, list, rooms }: RoomsOfMemberDeps,
  filter: RoomListFilter,
  page: { readonly order: RoomOrder; readonly after: RoomListKey | undefined; readonly limit: number },
): Promise<{ readonly rooms: readonly ListedRoom[]; readonly total: number }> {
  const { member, server, ...others } = filter;
  const home = member === undefined ? serverName : userIdServer(member);
  if (member === undefined || home === serverName) return list.page(filter, page);
  const asked = { order: page.order, after: undefined, limit: MAX_ASKED };
  const candidates = (await list.page({ ...others, server: home }, asked)).rooms.filter(
    ({ details }) => server === undefined || details?.servers.includes(server) === true,
  );
  const found: ListedRoom[] = [];
  for (let at = 0; at < candidates.length; at += AT_ONCE) {
    const batch = candidates.slice(at, at + AT_ONCE);
    const joined = await Promise.all(batch.map(({ roomId }) => rooms.isJoined({ roomId, userId: member })));
    found.push(...batch.filter((_room, index) => joined[index] === true));
  }
  const behind = found.filter((room) => isBehind(room, page.order, page.after));
  return { rooms: behind.slice(0, page.limit), total: found.length };
}

function isBehind({ joinedMembers, roomId }: ListedRoom, order: RoomOrder, after: RoomListKey | undefined): boolean {
  if (after === undefined) return true;
  if (order === 'room_id' || joinedMembers === after.joinedMembers) {
    return order === 'room_id' ? roomId > after.roomId : roomId < after.roomId;
  }
  return joinedMembers < after.joinedMembers;
}
