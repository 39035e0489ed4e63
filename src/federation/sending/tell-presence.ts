import type { RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { LatestEdu } from './edu-buffer.ts';
import { settledInTurns } from '../settled-in-turns.ts';
import { presenceEdu, type ToldPresence } from './presence-edu.ts';

export interface TellPresenceDeps {
  readonly serverName: ServerName;
  readonly rooms: {
    membershipsOf(call: {
      roomId: RoomId;
      userIds: readonly UserId[];
    }): Promise<Readonly<Partial<Record<UserId, string>>>>;
    joinedServers(call: { roomId: RoomId }): Promise<readonly ServerName[]>;
  };
  readonly destinations: { offerEdus(server: ServerName, edus: readonly LatestEdu[]): Promise<void> };
  readonly now: () => number;
}

/** Rooms, and servers, that are called at a time. */
const AT_ONCE = 6;

/** Who is not spoken of: in none of the rooms, or in none of those that could be asked. */
type Unspoken = { readonly userId: UserId; readonly reason: 'not-in-room' | 'room-unavailable' };

/**
 * Tells the other servers of some rooms how users of ours are, each of those that are in these rooms. What we remember
 * of the users, and what others here see, stays as it is. A room that cannot be asked now, and a server that cannot be told,
 * is passed over: the next update is told anew.
 * @returns how many servers are told, and who is not spoken of.
 */
export async function tellPresence(
  { serverName, rooms, destinations, now }: TellPresenceDeps,
  updates: readonly ToldPresence[],
  roomIds: readonly RoomId[],
): Promise<{ readonly destinations: number; readonly unspoken: readonly Unspoken[] }> {
  const userIds = updates.map(({ userId }) => userId);
  const ended = await settledInTurns(AT_ONCE, roomIds, async (roomId) => ({
    memberships: await rooms.membershipsOf({ roomId, userIds }),
    servers: await rooms.joinedServers({ roomId }),
  }));
  const asked = ended.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const reason = asked.length < roomIds.length ? 'room-unavailable' : 'not-in-room';
  const at = now();
  const edus = new Map<ServerName, LatestEdu[]>();
  const unspoken: Unspoken[] = [];
  for (const update of updates) {
    const theirs = asked.filter(({ memberships }) => memberships[update.userId] === 'join');
    if (theirs.length === 0) unspoken.push({ userId: update.userId, reason });
    const edu = presenceEdu(update, at);
    for (const server of new Set(theirs.flatMap(({ servers }) => servers))) {
      if (server !== serverName) edus.set(server, [...(edus.get(server) ?? []), edu]);
    }
  }
  await settledInTurns(AT_ONCE, [...edus], ([server, all]) => destinations.offerEdus(server, all));
  return { destinations: edus.size, unspoken };
}
