import type { Federation } from '../durable/federation.ts';
import { inTurns } from '../durable/in-turns.ts';
import type { RoomClient } from '../durable/room/client.ts';
import type { DiagnoseDeps, SentEvent } from '../federation/diagnose/ports.ts';
import type { RoomId, ServerName } from '../matrix/ids/brands.ts';
import type { RoomList } from '../rooms/room-list.ts';

/** Rooms of one server that are looked into, the latest and the largest. */
const MAX_ROOMS = 20;
const AT_ONCE = 5;

interface Parts {
  readonly federation: Pick<Federation, 'registry' | 'destinations'>;
  readonly rooms: Pick<RoomClient, 'lastSentTo'>;
  readonly list: Pick<RoomList, 'page'>;
}

/** Finds what a server was sent last. A room that cannot be asked is passed over. */
export function lastSentOf({ federation, rooms, list }: Parts): DiagnoseDeps['lastSent'] {
  const { registry, destinations } = federation;
  return async (server) => {
    if (!(await registry.has(server))) return { rooms: 0, sent: undefined };
    const { rooms: largest } = await list.page(
      { server },
      { order: 'joined_members', after: undefined, limit: MAX_ROOMS },
    );
    const latest = await destinations.latestRooms(server);
    const shared = [...new Set([...latest, ...largest.map(({ roomId }) => roomId)])].slice(0, MAX_ROOMS);
    const answers = await inTurns(AT_ONCE, shared, (roomId) => lastSentIn(roomId, server));
    const present = answers.filter((answer) => answer !== 'absent');
    const sent = present.filter((answer) => answer !== undefined).toSorted((one, other) => other.ts - one.ts);
    return { rooms: present.length, sent: sent[0] };
  };

  async function lastSentIn(roomId: RoomId, server: ServerName): Promise<SentEvent | 'absent' | undefined> {
    const last = await rooms.lastSentTo({ roomId, server });
    if (last === 'absent' || last === undefined) return last;
    // Asked after the room: what the server's object had confirmed there is sent by now, or has a cursor.
    const [cursor] = await destinations.cursorsOf(server, [roomId]);
    const behind = cursor === undefined || cursor.epoch !== last.epoch || cursor.from >= last.pos ? undefined : cursor;
    const sent = behind === undefined ? last : await rooms.lastSentTo({ roomId, server, notAfter: behind.from });
    return sent === 'absent' || sent === undefined ? sent : { roomId, ...sent };
  }
}
