// GET /_matrix/client/v3/events?room_id= (Client-Server API, "Room Previews")
import { Hono } from 'hono';

import { pointToken } from '../../room/read/history-point.ts';
import type { HistoryKey } from '../../room/store.ts';
import { deviceScope } from './from-user.ts';
import { ignoredUsers } from './ignored-users.ts';
import { knownRoomId } from './path-ids.ts';
import { pointOfToken } from './point-of-token.ts';
import { pollTimeout } from './poll-timeout.ts';
import { eventFilterFor, filterParam } from './room-event-filter.ts';
import { inRoom } from './room-event.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

const MAX_EVENTS = 100;
/** Nobody wakes who looks into a room from outside: it is asked how far it has come. */
const LOOK_MS = 1_000;

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'rooms' | 'room' | 'shard' | 'epoch' | 'now'>;

/** What comes into one room, as far as the asker may see it; without `room_id` it is the deprecated call, of another endpoint. */
export const peekEvents = ({ requireUser, rooms, room, shard, epoch, now }: Deps) => {
  // The other endpoint asks for itself who it is.
  const peeking: typeof requireUser = (c, next) =>
    c.req.query('room_id') === undefined ? next() : requireUser(c, next);
  return new Hono().get('/_matrix/client/v3/events', peeking, async (c, next) => {
    const { room_id: id, from: token, timeout } = c.req.query();
    if (id === undefined) return next();
    const { requester } = c.var;
    const roomId = await knownRoomId(rooms.registry, id);
    const until = now() + pollTimeout(timeout);
    const head = async (): Promise<HistoryKey> => ({ anchor: (await room.status({ roomId })).head, sub: 1 });
    const from = (await pointOfToken({ shard: shard(requester.shard), epoch }, roomId, token)) ?? (await head());
    const query = {
      roomId,
      userId: requester.userId,
      scope: deviceScope(requester),
      dir: 'f',
      from,
      limit: MAX_EVENTS,
      filter: eventFilterFor(roomId, filterParam(undefined)),
      lazyLoadMembers: false,
      ignoredUsers: await ignoredUsers({ shard }, requester),
    } as const;
    let to = await head();
    let page = await room.readMessages({ ...query, to });
    while (page.chunk.length === 0 && page.end === undefined && now() < until) {
      await rooms.after(LOOK_MS);
      const { anchor } = to;
      to = await head();
      if (to.anchor > anchor) page = await room.readMessages({ ...query, to });
    }
    return Response.json({
      start: pointToken(from),
      end: page.end ?? pointToken(isAfter(from, to) ? from : to),
      chunk: page.chunk.map(inRoom(roomId)),
    });
  });
};

function isAfter(one: HistoryKey, other: HistoryKey): boolean {
  return one.anchor === other.anchor ? one.sub > other.sub : one.anchor > other.anchor;
}
