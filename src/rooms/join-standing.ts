import { userIdServer } from '../matrix/ids/user-id.ts';
import type { RoomId, ServerName, UserId } from '../matrix/ids/brands.ts';

/** Rooms asked about one join: others are as if they could not be asked. */
const MAX_ROOMS = 200;
const ROOMS_AT_ONCE = 20;

/** What rooms tell of users who want to join another. */
export interface StandingRooms {
  /** The rooms of which one must know the user as a member; `undefined` where the join does not depend on any. */
  joinConditions(call: { roomId: RoomId; userId: UserId }): Promise<readonly RoomId[] | undefined>;
  /** `undefined`: we are not in that room. */
  isJoined(call: { roomId: RoomId; userId: UserId }): Promise<boolean | undefined>;
}

export interface StandingDeps {
  readonly serverName: ServerName;
  /** Whether a room has an object here. */
  readonly isKnown: (roomId: RoomId) => Promise<boolean>;
  readonly rooms: StandingRooms;
}

/** What the rooms that a restricted room names say of a user. A room that is in neither list could not be asked. */
export interface JoinStanding {
  readonly memberOf: readonly RoomId[];
  readonly notMemberOf: readonly RoomId[];
}

/**
 * Asks the rooms whose members may join a restricted room whether the user is one, as room objects: until one says yes.
 * The room itself decides what to make of it. Of a user of ours we know every room that they are in.
 * @returns `undefined` where the join does not depend on other rooms.
 * Source: Client-Server API, "Restricted rooms".
 */
export async function joinStanding(
  deps: StandingDeps,
  roomId: RoomId,
  userId: UserId,
): Promise<JoinStanding | undefined> {
  const conditions = await deps.rooms.joinConditions({ roomId, userId });
  if (conditions === undefined) return undefined;
  const notMemberOf: RoomId[] = [];
  const asked = conditions.slice(0, MAX_ROOMS);
  for (let at = 0; at < asked.length; at += ROOMS_AT_ONCE) {
    const batch = asked.slice(at, at + ROOMS_AT_ONCE);
    const answers = await Promise.all(batch.map((other) => isJoined(deps, other, userId)));
    const member = batch.find((_, index) => answers[index] === true);
    if (member !== undefined) return { memberOf: [member], notMemberOf };
    notMemberOf.push(...batch.filter((_, index) => answers[index] === false));
  }
  return { memberOf: [], notMemberOf };
}

async function isJoined(deps: StandingDeps, roomId: RoomId, userId: UserId): Promise<boolean | undefined> {
  const answer = (await deps.isKnown(roomId)) ? await deps.rooms.isJoined({ roomId, userId }) : undefined;
  return answer ?? (userIdServer(userId) === deps.serverName ? false : undefined);
}
