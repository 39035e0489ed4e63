import type { Interests } from '../interests.ts';
import type { RoomRange, SentEvent } from './ports.ts';

/**
 * Those of a room's events that concern an application service: all where the room or an alias of it is in a namespace,
 * else those by or about a user of its own, and what happens where such a user is joined.
 * Source: Application Service API, "Registration".
 */
export function concerning(
  interests: Pick<Interests, 'ownsUser'>,
  range: Pick<RoomRange, 'events' | 'residents'>,
  isOwnRoom: boolean,
): readonly SentEvent[] {
  if (isOwnRoom) return range.events;
  const residents = range.residents.filter(({ userId }) => interests.ownsUser(userId));
  return range.events.filter(
    ({ pos, sender, target }) =>
      interests.ownsUser(sender) ||
      (target !== undefined && interests.ownsUser(target)) ||
      residents.some(({ fromPos, toPos }) => fromPos <= pos && pos < toPos),
  );
}
