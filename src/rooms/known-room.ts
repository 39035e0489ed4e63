import { forbidden } from '../matrix/error.ts';
import type { RoomId } from '../matrix/ids/brands.ts';
import type { RoomRegistry } from './ports.ts';

/**
 * Before any room object is addressed (contracts, section 3): throws `M_FORBIDDEN` for a room that is not registered,
 * the same that a room answers to who is not in it.
 */
export async function requireKnownRoom(registry: Pick<RoomRegistry, 'has'>, roomId: RoomId): Promise<void> {
  if (!(await registry.has(roomId))) throw forbidden('You are not in this room');
}
