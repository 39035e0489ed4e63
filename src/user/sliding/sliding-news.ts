import type { UserId } from '../../matrix/ids/brands.ts';
import type { TypingBoard } from '../progress/sync-plan.ts';
import type { ListStores } from './list-rooms.ts';

/**
 * Whether anything came for a user that a sliding sync may have to tell, by what changed alone: the rooms of a user are
 * looked at when there is. Source: MSC4186.
 */
export function hasSlidingNews(
  { people, progress, typing }: ListStores & { readonly typing: TypingBoard },
  userId: UserId,
  since: number,
): boolean {
  const typed = typing.changedAfter(since).map(({ roomId }) => roomId);
  return (
    people.accountDataAfter(userId, since).length > 0 ||
    progress.isJoinedToOne(userId, [...progress.movedAfter(since), ...typed]) ||
    progress.hasMovedSince(userId, since)
  );
}
