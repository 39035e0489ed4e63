import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { AccountDataRow } from '../devices/device-store.ts';
import type { ProgressStore } from '../progress/store.ts';
import { accountDataAfter, type PushRulesStore } from '../push-rules/push-rules.ts';

/**
 * The account data that a sync tells: global, and of rooms that the user is joined to. What was set for a room before
 * they joined it comes with the join. Source: Client-Server API, "Syncing", `Joined Room`, `account_data`.
 * @param since the `seq` of the client's token; 0 for an initial sync.
 */
export function toldAccountData(
  people: PushRulesStore,
  progress: Pick<ProgressStore, 'roomsOf'>,
  userId: UserId,
  since: number,
): readonly AccountDataRow[] {
  const rooms = progress.roomsOf(userId).filter(({ membership }) => membership === 'join');
  const joined = new Set<RoomId>(rooms.map(({ roomId }) => roomId));
  const joinedSince = new Set<string>(rooms.filter(({ seq }) => seq > since).map(({ roomId }) => roomId));
  const changed = accountDataAfter(people, userId, since).filter(
    ({ roomId }) => roomId === '' || joined.has(roomId as RoomId),
  );
  if (since === 0 || joinedSince.size === 0) return changed;
  const earlier = people
    .accountDataAfter(userId, 0)
    .filter(({ roomId, seq }) => seq <= since && joinedSince.has(roomId));
  return [...earlier, ...changed];
}
