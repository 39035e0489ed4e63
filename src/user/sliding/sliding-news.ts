import type { InboxStore } from '../inbox/inbox-store.ts';
import type { DeviceOf } from '../keys/key-store.ts';
import type { TypingBoard } from '../progress/sync-plan.ts';
import type { ListStores } from './list-rooms.ts';

/**
 * Whether anything came for a user and a device of theirs that a sliding sync may have to tell, by what changed alone: the rooms of a user are
 * looked at when there is. Source: MSC4186.
 */
export function hasSlidingNews(
  {
    people,
    progress,
    typing,
    inbox,
  }: ListStores & { readonly typing: TypingBoard; readonly inbox: Pick<InboxStore, 'hasAfter'> },
  device: DeviceOf,
  since: number,
): boolean {
  const { userId } = device;
  const typed = typing.changedAfter(since).map(({ roomId }) => roomId);
  return (
    inbox.hasAfter(device, since) ||
    people.accountDataAfter(userId, since).length > 0 ||
    progress.isJoinedToOne(userId, [...progress.movedAfter(since), ...typed]) ||
    progress.hasMovedSince(userId, since)
  );
}
