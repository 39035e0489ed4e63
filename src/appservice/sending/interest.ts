import type { Interests } from '../interests.ts';
import type { RoomRange, SentEvent } from './ports.ts';

/** What of a room concerns an application service. */
export interface Concern {
  readonly events: readonly SentEvent[];
  /** Whether what happens there now does. */
  readonly isOfInterest: boolean;
}

/**
 * All of a room where it or an alias of it is in a namespace, else what is by or about a user of its own, and what
 * happens where such a user is joined. Source: Application Service API, "Registration".
 */
export function concernOf(
  interests: Pick<Interests, 'ownsUser'>,
  range: Pick<RoomRange, 'events' | 'residents' | 'to'>,
  isOwnRoom: boolean,
): Concern {
  if (isOwnRoom) return { events: range.events, isOfInterest: true };
  const residents = range.residents.filter(({ userId }) => interests.ownsUser(userId));
  const events = range.events.filter(
    ({ pos, sender, target }) =>
      interests.ownsUser(sender) ||
      (target !== undefined && interests.ownsUser(target)) ||
      residents.some(({ fromPos, toPos }) => fromPos <= pos && pos < toPos),
  );
  return { events, isOfInterest: residents.some(({ fromPos, toPos }) => fromPos <= range.to && range.to < toPos) };
}
