import { unavailable } from '../matrix/error.ts';
import type { RoomId } from '../matrix/ids/brands.ts';
import type { RoomsDeps } from './ports.ts';

/** How often it is looked whether another join of the room has ended. */
const LOOK_MS = 250;
const MAX_LOOK_MS = 2_000;

/** Whether we are in the room, are about to be, or neither. */
export async function lifeOf(deps: RoomsDeps, roomId: RoomId): Promise<'live' | 'joining' | 'apart'> {
  if (!(await deps.registry.has(roomId))) return 'apart';
  const { lifecycle, isJoining } = await deps.rooms.status({ roomId });
  if (lifecycle === 'live') return 'live';
  return isJoining ? 'joining' : 'apart';
}

/** Returns when no join of the room is under way any more. Throws 503 where that lasts longer than `until`. */
export async function joinEnded(deps: RoomsDeps, roomId: RoomId, until: number): Promise<void> {
  for (let pauseMs = LOOK_MS; deps.now() < until; pauseMs = Math.min(pauseMs * 2, MAX_LOOK_MS)) {
    await deps.after(pauseMs);
    if ((await lifeOf(deps, roomId)) !== 'joining') return;
  }
  throw unavailable('This room is still being joined: try again');
}
