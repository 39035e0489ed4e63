import { invalidParam, notFound } from '../../../matrix/error.ts';
import type { EventId, RoomId, UserId } from '../../../matrix/ids/brands.ts';
import { settledInTurns } from '../../../federation/settled-in-turns.ts';
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

type Deps = Pick<WorkspaceDeps, 'registry' | 'rooms' | 'roomOfEvent' | 'roomsOfLate'>;

/** What no index has is looked for in so many rooms. */
const MAX_ROOMS = 32;
const ROOMS_AT_ONCE = 6;

/**
 * Finds the room of an event by the event's ID, or takes it from the query where the caller knows it. What clients are
 * not shown is in no index: it is looked for where something happened last. Throws `M_NOT_FOUND`, also for a room that
 * the caller does not reach.
 * @param ownMemberships whether memberships of the caller's users are found also in rooms that none of them is in.
 */
export async function soughtEvent(
  deps: Deps,
  reach: Reach,
  eventText: string,
  roomText: string | undefined,
  ownMemberships = false,
): Promise<SoughtEvent> {
  const eventId = soughtEventId(eventText);
  const roomId =
    roomText === undefined ? await deps.roomOfEvent(eventId) : await administeredRoom(deps.registry, roomText);
  const sought =
    roomId === undefined
      ? await inRoomsOfLate(deps, reach, eventId)
      : ((await inRoom(deps, reach, eventId, roomId)) ??
        (ownMemberships ? await ownMembership(deps, reach, eventId, roomId) : undefined));
  if (sought === undefined) throw notFound('There is no such event, or none of your users may see it');
  return sought;
}

/** @returns `undefined` for a room that the caller does not reach. */
async function inRoom(
  { rooms }: Pick<Deps, 'rooms'>,
  reach: Reach,
  eventId: EventId,
  roomId: RoomId,
): Promise<SoughtEvent | undefined> {
  if (reach.hasRoom(roomId)) return { eventId, roomId, viewers: undefined };
  const viewers = (await rooms.localMembers({ roomId })).filter((userId) => reach.hasUser(userId));
  return viewers.length === 0 ? undefined : { eventId, roomId, viewers };
}

/** What an application service is sent of a room that none of its users is in: an invitation, and its end. */
async function ownMembership(
  { rooms }: Pick<Deps, 'rooms'>,
  reach: Reach,
  eventId: EventId,
  roomId: RoomId,
): Promise<SoughtEvent | undefined> {
  const sought = { eventId, roomId, viewers: undefined };
  const { event } = await rooms.inspectEvent({ ...sought, format: 'client' });
  const { type, state_key: target } = JSON.parse(event) as { readonly type: string; readonly state_key?: string };
  const isOwn = type === 'm.room.member' && target !== undefined && reach.hasUser(target as UserId);
  return isOwn ? sought : undefined;
}

async function inRoomsOfLate(deps: Deps, reach: Reach, eventId: EventId): Promise<SoughtEvent | undefined> {
  const ended = await settledInTurns(ROOMS_AT_ONCE, await deps.roomsOfLate(MAX_ROOMS), async (roomId) => {
    const sought = await inRoom(deps, reach, eventId, roomId);
    // Throws where it is not.
    if (sought !== undefined) await deps.rooms.inspectEvent({ ...sought, format: 'client' });
    return sought;
  });
  // One room that does not answer hides nothing that another one has.
  const isFound = (one: (typeof ended)[number]) => one.status === 'fulfilled' && one.value !== undefined;
  const found = ended.find(isFound);
  return found?.status === 'fulfilled' ? found.value : undefined;
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
