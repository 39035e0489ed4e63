import { eyrieUserNotEligible } from '../matrix/error.ts';
import type { RoomId, UserId } from '../matrix/ids/brands.ts';
import type { RoomsDeps } from './ports.ts';

/** What is said of users, where the setting `users.validate_domain` lets only some of them meet other servers. */
export interface FederationVerdicts {
  /** Of a local user; `undefined`: nothing was said. */
  of(userId: UserId): Promise<boolean | undefined>;
  /** Takes it back with `undefined`. It is in the audit log, in the same transaction. */
  put(userId: UserId, allowed: boolean | undefined, by: string, now: number): Promise<void>;
}

/** Throws `EYRIE_USER_NOT_ELIGIBLE` for a user who may not meet other servers. */
export async function requireEligible(users: Pick<RoomsDeps['users'], 'mayFederate'>, userId: UserId): Promise<void> {
  if (!(await users.mayFederate(userId))) {
    throw eyrieUserNotEligible('This user may not be in rooms with other servers');
  }
}

/** The same, for a room that we are in: with nobody else in it everybody may enter. */
export async function requireEligibleHere(
  { users, rooms, serverName }: Pick<RoomsDeps, 'users' | 'rooms' | 'serverName'>,
  userId: UserId,
  roomId: RoomId,
): Promise<void> {
  if (await users.mayFederate(userId)) return;
  const servers = await rooms.joinedServers({ roomId });
  if (servers.some((server) => server !== serverName)) await requireEligible(users, userId);
}
