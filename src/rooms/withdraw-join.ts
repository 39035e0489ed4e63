import type { EventId, RoomId, ServerName, UserId } from '../matrix/ids/brands.ts';
import { tellRejection, type TellDeps } from './leave-room.ts';

/** A server may still be at work on a join whose answer we did not wait for; then it is asked again. */
const SETTLED_MS = 180_000;

/**
 * After a join that came to nothing here: where the server has it, it is told that the user has left.
 * @param ageMs since the join failed.
 * @returns whether nothing is left to do.
 */
export async function withdrawJoin(
  deps: TellDeps,
  {
    userId,
    roomId,
    server,
    eventId,
    ageMs,
  }: {
    readonly userId: UserId;
    readonly roomId: RoomId;
    readonly server: ServerName;
    readonly eventId: EventId;
    readonly ageMs: number;
  },
): Promise<boolean> {
  const known = await deps.remote.knowsEvent(server, eventId);
  if (!known.ok) return false;
  if (!known.value) return ageMs >= SETTLED_MS;
  return tellRejection(deps, userId, roomId, server);
}
