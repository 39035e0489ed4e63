import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { Asker } from '../ports.ts';
import type { DirectDeps, DirectStanding } from './ports.ts';

/** Rooms that are asked at the same time. */
const PARALLEL = 6;

export interface FoundDirectRoom extends DirectStanding {
  readonly roomId: RoomId;
}

/**
 * The direct chat of the creator and the members: the one that was noted, unless somebody has left it, or else the oldest
 * that was made as one in another way. In the noted one members may be missing, whom it was not possible to invite.
 */
export async function findDirectRoom(
  deps: DirectDeps,
  creator: Asker,
  members: readonly UserId[],
  noted: RoomId | undefined,
): Promise<FoundDirectRoom | undefined> {
  const ask = async (roomId: RoomId): Promise<FoundDirectRoom | undefined> => {
    const standing = await deps.room.directRoom({ roomId, creator: creator.userId, members });
    return standing === undefined ? undefined : { ...standing, roomId };
  };
  const before = noted === undefined ? undefined : await ask(noted);
  if (before !== undefined && !before.wasLeft) return before;
  const [candidates, marked] = await Promise.all([
    deps.direct.candidates(creator.userId, [creator.userId, ...members]),
    deps.markedBy(creator),
  ]);
  for (let at = 0; at < candidates.length; at += PARALLEL) {
    const asked = await Promise.all(candidates.slice(at, at + PARALLEL).map(ask));
    const found = asked.find(
      (room) => room !== undefined && room.missing.length === 0 && (room.isDirect || marked.includes(room.roomId)),
    );
    if (found !== undefined) return found;
  }
  return undefined;
}
