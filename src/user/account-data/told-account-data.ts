import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { AccountDataRow } from '../devices/device-store.ts';
import type { ProgressStore } from '../progress/store.ts';
import type { PlannedRoom } from '../progress/sync-plan.ts';
import { accountDataAfter, type PushRulesStore } from '../push-rules/push-rules.ts';

/**
 * The account data that a sync tells: global, of rooms that the user is joined to, and of those that are told because
 * they left them. What was set for a room before they joined it comes with the join. Source: Client-Server API,
 * "Syncing", `Joined Room` and `Left Room`, `account_data`.
 * @param told the rooms that the sync tells.
 * @param since the `seq` of the client's token; 0 for an initial sync.
 */
export function toldAccountData(
  people: PushRulesStore,
  progress: Pick<ProgressStore, 'roomsOf'>,
  told: readonly Pick<PlannedRoom, 'roomId' | 'membership'>[],
  { userId, since }: { readonly userId: UserId; readonly since: number },
): readonly AccountDataRow[] {
  const rooms = progress.roomsOf(userId).filter(({ membership }) => membership === 'join');
  const left = told.filter(({ membership }) => membership === 'leave' || membership === 'ban');
  const shown = new Set<RoomId>([...rooms, ...left].map(({ roomId }) => roomId));
  const joinedSince = new Set<string>(rooms.filter(({ seq }) => seq > since).map(({ roomId }) => roomId));
  const changed = accountDataAfter(people, userId, since).filter(
    ({ roomId }) => roomId === '' || shown.has(roomId as RoomId),
  );
  if (since === 0 || joinedSince.size === 0) return changed;
  const earlier = people
    .accountDataAfter(userId, 0)
    .filter(({ roomId, seq }) => seq <= since && joinedSince.has(roomId));
  return [...earlier, ...changed];
}
