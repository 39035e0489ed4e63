// GET /_matrix/client/v3/rooms/{roomId}/initialSync (Client-Server API, "Room Previews")
import { Hono } from 'hono';

import { deviceScope, type Requester } from './from-user.ts';
import { ignoredUsers } from './ignored-users.ts';
import { limitParam } from './limit-param.ts';
import { knownRoomId } from './path-ids.ts';
import { eventFilterFor, filterParam } from './room-event-filter.ts';
import { inRoom } from './room-event.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'rooms' | 'room' | 'shard' | 'directory'>;

/** For who looks into a room that they are not in; members get the same of `/sync`. */
export const roomInitialSync = (deps: Deps) =>
  new Hono().get('/_matrix/client/v3/rooms/:roomId/initialSync', deps.requireUser, async (c) => {
    const { requester } = c.var;
    const { rooms, room, directory, shard } = deps;
    const roomId = await knownRoomId(rooms.registry, c.req.param('roomId'));
    const who = { roomId, userId: requester.userId, scope: deviceScope(requester) };
    const limit = limitParam(c.req.query('limit'), { min: 1, max: 100, usual: 20 });
    // What the page says of its end is to be no older than the state.
    const page = await room.readMessages({ ...who, ...(await newest(deps, requester, roomId)), limit });
    const [state, isPublished, accountData] = await Promise.all([
      room.readState(who),
      directory.isPublished(roomId),
      shard(requester.shard).roomAccountData({ userId: requester.userId, roomId }),
    ]);
    const own = state.find((event) => event.type === 'm.room.member' && event.state_key === requester.userId);
    const membership = own?.content['membership'];
    const shown = inRoom(roomId);
    return Response.json({
      room_id: roomId,
      ...(membership === undefined ? {} : { membership }),
      messages: {
        ...(page.end === undefined ? {} : { start: page.end }),
        end: page.start,
        chunk: page.chunk.map(shown).toReversed(),
      },
      state: state.map(shown),
      visibility: isPublished ? 'public' : 'private',
      account_data: accountData,
    });
  });

async function newest(deps: Pick<Deps, 'shard'>, requester: Requester, roomId: Parameters<typeof eventFilterFor>[0]) {
  return {
    dir: 'b',
    from: undefined,
    to: undefined,
    filter: eventFilterFor(roomId, filterParam(undefined)),
    lazyLoadMembers: false,
    ignoredUsers: await ignoredUsers(deps, requester),
  } as const;
}
