import { forbidden, unavailable } from '../matrix/error.ts';
import type { RoomId } from '../matrix/ids/brands.ts';
import type { RoomsDeps } from './ports.ts';

/** How often it is looked whether another join of the room has ended. */
const LOOK_MS = 250;
const MAX_LOOK_MS = 2_000;

/**
 * How a room stands that is known here; `undefined` for others. Throws `M_FORBIDDEN` for one that an administrator has
 * closed to our users: asked before another server is, since nothing would come of its answer.
 */
export async function openRoomStatus(deps: Pick<RoomsDeps, 'registry' | 'rooms'>, roomId: RoomId) {
  if (!(await deps.registry.has(roomId))) return undefined;
  const status = await deps.rooms.status({ roomId });
  if (status.shutdown !== undefined) throw forbidden('An administrator of this server has closed this room');
  return status;
}

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
