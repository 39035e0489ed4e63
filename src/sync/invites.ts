import { MatrixError } from '../matrix/error.ts';
import type { RoomId, UserId } from '../matrix/ids/brands.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';
import type { SyncRooms } from './ports.ts';

interface InviteReader {
  readonly userId: UserId;
  readonly ignoredUsers: readonly UserId[];
  readonly blocksInvites?: boolean | undefined;
}

/**
 * The stripped state of an invitation or a knock. @returns `undefined` for one that is no more, for an invitation by a
 * user whom the reader ignores, and for any where the reader wants none.
 * Source: Client-Server API, "Stripped state", "Ignoring Users", "Invite permission".
 */
export async function strippedState(
  rooms: Pick<SyncRooms, 'readInvite'>,
  { roomId, membership }: { readonly roomId: RoomId; readonly membership: string },
  { userId, ignoredUsers, blocksInvites }: InviteReader,
): Promise<readonly JsonObject[] | undefined> {
  if (membership === 'invite' && blocksInvites === true) return undefined;
  const events = await rooms.readInvite({ roomId, userId }).catch(forbiddenAsNone);
  return membership === 'invite' && events !== undefined && isInvitedBy(events, userId, ignoredUsers)
    ? undefined
    : events;
}

function isInvitedBy(events: readonly JsonObject[], userId: UserId, inviters: readonly UserId[]): boolean {
  return events.some(
    ({ type, state_key: stateKey, sender }) =>
      type === 'm.room.member' && stateKey === userId && inviters.some((inviter) => inviter === sender),
  );
}

/** An invitation that was withdrawn since the plan was made is none. */
function forbiddenAsNone(error: unknown): undefined {
  if (error instanceof MatrixError && error.status === 403) return undefined;
  throw error;
}
