import { invalidParam, notFound } from '../../../matrix/error.ts';
import type { EventId, RoomId, UserId } from '../../../matrix/ids/brands.ts';
import { soughtEventId } from '../../client/path-ids.ts';
import type { Reach } from '../../middleware/require-workspace.ts';
import { administeredRoom } from '../rooms/administered-room.ts';
import type { WorkspaceDeps } from './workspace-deps.ts';

/** The event of a path, the room that it is in, and whose sight counts; `undefined`: everything is seen. */
export interface SoughtEvent {
  readonly eventId: EventId;
  readonly roomId: RoomId;
  readonly viewers: readonly UserId[] | undefined;
}

/**
 * Finds the room of an event by the event's ID, or takes it from the query where the caller knows it: what clients are
 * not shown is found in no other way. Throws `M_NOT_FOUND`, also for a room that the caller does not reach.
 */
export async function soughtEvent(
  deps: Pick<WorkspaceDeps, 'registry' | 'rooms' | 'roomOfEvent'>,
  reach: Reach,
  eventText: string,
  roomText: string | undefined,
): Promise<SoughtEvent> {
  const eventId = soughtEventId(eventText);
  const roomId =
    roomText === undefined ? await deps.roomOfEvent(eventId) : await administeredRoom(deps.registry, roomText);
  const nothing = () => notFound('There is no such event, or none of your users may see it');
  if (roomId === undefined) throw nothing();
  if (reach.hasRoom(roomId)) return { eventId, roomId, viewers: undefined };
  const viewers = (await deps.rooms.localMembers({ roomId })).filter((userId) => reach.hasUser(userId));
  if (viewers.length === 0) throw nothing();
  return { eventId, roomId, viewers };
}

/** One of two words of a query. Throws `M_INVALID_PARAM`. */
export function wordOf<Word extends string>(
  name: string,
  text: string | undefined,
  [usual, other]: readonly [Word, Word],
): Word {
  if (text === undefined || text === usual) return usual;
  if (text === other) return other;
  throw invalidParam(`${name} is neither ${usual} nor ${other}`);
}
