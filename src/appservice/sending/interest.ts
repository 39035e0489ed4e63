import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { Interests } from '../interests.ts';
import type { RoomRange, SentEvent } from './ports.ts';

/** What of a room concerns an application service. */
export interface Concern {
  readonly events: readonly SentEvent[];
  /** Contents of an `m.receipt`. */
  readonly receipts: readonly JsonObject[];
  /** Whether what happens there now does. */
  readonly isOfInterest: boolean;
}

/**
 * All of a room where it or an alias of it is in a namespace, else what is by or about a user of its own, and what
 * happens where such a user is joined. Private receipts are told to whose user it is. Source: Application Service API, "Registration".
 */
export function concernOf(
  interests: Pick<Interests, 'ownsUser'>,
  range: Pick<RoomRange, 'events' | 'residents' | 'to' | 'receipts' | 'privateReceipts'>,
  isOwnRoom: boolean,
): Concern {
  const own = range.privateReceipts.filter(({ userId }) => interests.ownsUser(userId)).map(({ content }) => content);
  const all = range.receipts === undefined ? own : [range.receipts, ...own];
  if (isOwnRoom) return { events: range.events, receipts: all, isOfInterest: true };
  const residents = range.residents.filter(({ userId }) => interests.ownsUser(userId));
  const events = range.events.filter(
    ({ pos, sender, target }) =>
      interests.ownsUser(sender) ||
      (target !== undefined && interests.ownsUser(target)) ||
      residents.some(({ fromPos, toPos }) => fromPos <= pos && pos < toPos),
  );
  const isOfInterest = residents.some(({ fromPos, toPos }) => fromPos <= range.to && range.to < toPos);
  return { events, receipts: isOfInterest ? all : own, isOfInterest };
}
