import type { RoomSummary } from '../../matrix/discovery/room-summary.ts';
import { notFound } from '../../matrix/error.ts';
import { roomIdServer } from '../../matrix/ids/room-id.ts';
import type { RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import { findHere } from './find-here.ts';
import { mayBeShown } from './room-elsewhere.ts';
import type { SpaceDeps } from './walk-space.ts';

/**
 * What a room is, for who may enter it or look into it; also one that we are not in, for our users. Throws
 * `M_NOT_FOUND`. Source: Client-Server API, `GET /room_summary/{roomIdOrAlias}`.
 * @param userId `undefined`: somebody of whom nothing is known, for whom no other server is asked.
 * @param servers that may know the room.
 */
export async function roomSummary(
  deps: SpaceDeps,
  {
    userId,
    roomId,
    servers,
  }: { readonly userId: UserId | undefined; readonly roomId: RoomId; readonly servers: readonly ServerName[] },
): Promise<RoomSummary & { readonly membership?: string }> {
  const finder = userId === undefined ? ({ kind: 'anybody' } as const) : ({ kind: 'user', userId } as const);
  const here = await findHere(deps, roomId, finder);
  if (here.kind === 'found') {
    return { ...here.summary, ...(here.membership === undefined ? {} : { membership: here.membership }) };
  }
  if (here.kind === 'hidden' || finder.kind === 'anybody') throw unknownRoom();
  const { membership = 'leave' } = here;
  const named = roomIdServer(roomId);
  const asked = named === undefined ? servers : [...servers, named];
  const there = await deps.remoteSpaces.find({ roomId, servers: asked, suggestedOnly: false });
  if (there === undefined || !(await mayBeShown(deps, there.room, finder, membership))) throw unknownRoom();
  return { ...there.room, membership };
}

const unknownRoom = () => notFound('There is no such room, or you may not see it');
