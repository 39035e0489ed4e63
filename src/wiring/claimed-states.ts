import type { Federation } from '../durable/federation.ts';
import { fetchClaimedStates } from '../federation/receive/fetch-claimed-states.ts';
import type { AdminRoomDeps } from '../http/admin/rooms/administered-room.ts';
import { deny } from '../matrix/result.ts';
import { roomVersionRules } from '../matrix/room-versions/versions.ts';

/** Meets the port of the administrator's repair of a room's state. */
export function claimedStatesOf({ transactions }: Pick<Federation, 'transactions'>): AdminRoomDeps['claimedStates'] {
  return async (roomId, origin) => {
    const rules = roomVersionRules((await transactions.knownRooms.versionOf(roomId)) ?? '');
    if (rules === undefined) return deny('the version of the room is not known');
    return fetchClaimedStates(transactions, { roomId, rules, origin });
  };
}
