import { mayFind } from '../../matrix/discovery/may-find.ts';
import type { RoomSummary } from '../../matrix/discovery/room-summary.ts';
import { memberOf } from './find-here.ts';
import type { Finder, FindingRooms } from './ports.ts';

/**
 * Whether a room that another server told us of may be shown to who looks: it told it to the server, which shows it to
 * users of whom the same conditions are true. Source: Server-Server API, `GET /hierarchy/{roomId}`.
 * @param membership what is known here of the user's membership.
 */
export async function mayBeShown(
  deps: FindingRooms,
  summary: RoomSummary,
  finder: Finder,
  membership: string | undefined,
): Promise<boolean> {
  if (membership === 'invite') return true;
  const shownTo = mayFind(summary, undefined, membership === 'ban');
  if (shownTo !== 'members') return shownTo === 'everybody';
  return (await memberOf(deps, summary.allowed_room_ids ?? [], finder)) !== undefined;
}
