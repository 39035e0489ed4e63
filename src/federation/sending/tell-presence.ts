import type { RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { LatestEdu } from './edu-buffer.ts';
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

/**
 * Tells the other servers of some rooms how users of ours are, each of those that are in these rooms. What we remember
 * of the users, and what others here see, stays as it is. A server that cannot be told is passed over: the next update
 * is told anew.
 * @returns how many servers are told, and who is in none of the rooms.
 */
export async function tellPresence(
  { serverName, rooms, destinations, now }: TellPresenceDeps,
  updates: readonly ToldPresence[],
  roomIds: readonly RoomId[],
): Promise<{ readonly destinations: number; readonly absent: readonly UserId[] }> {
  const userIds = updates.map(({ userId }) => userId);
  const asked = await Promise.all(
    roomIds.map(async (roomId) => ({
      memberships: await rooms.membershipsOf({ roomId, userIds }),
      servers: await rooms.joinedServers({ roomId }),
    })),
  );
  const at = now();
  const edus = new Map<ServerName, LatestEdu[]>();
  const absent: UserId[] = [];
  for (const update of updates) {
    const theirs = asked.filter(({ memberships }) => memberships[update.userId] === 'join');
    if (theirs.length === 0) absent.push(update.userId);
    const edu = presenceEdu(update, at);
    for (const server of new Set(theirs.flatMap(({ servers }) => servers))) {
      if (server !== serverName) edus.set(server, [...(edus.get(server) ?? []), edu]);
    }
  }
  await Promise.allSettled([...edus].map(([server, all]) => destinations.offerEdus(server, all)));
  return { destinations: edus.size, absent };
}
