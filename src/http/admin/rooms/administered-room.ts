import type { RoomClient } from '../../../durable/room/client.ts';
import { invalidParam, notFound } from '../../../matrix/error.ts';
import type { ClaimedStates } from '../../../federation/receive/fetch-claimed-states.ts';
import type { Result } from '../../../matrix/result.ts';
import type { RoomId, ServerName } from '../../../matrix/ids/brands.ts';
import { parseRoomId } from '../../../matrix/ids/room-id.ts';
import type { RoomRegistry } from '../../../rooms/ports.ts';
import type { RoomList } from '../../../rooms/room-list.ts';
import type { ShutdownDeps } from '../../../rooms/shutdown/shut-down-room.ts';
import type { AuditWriter } from '../../../settings/audit-log.ts';
import { limitParam } from '../../client/limit-param.ts';
import type { RequireAdmin } from '../../middleware/require-admin.ts';

/** What the administrator's endpoints about rooms need. */
export interface AdminRoomDeps {
  readonly requireAdmin: RequireAdmin;
  readonly registry: Pick<RoomRegistry, 'has'>;
  readonly serverName: ServerName;
  readonly list: RoomList;
  readonly rooms: Pick<
    RoomClient,
    | 'status'
    | 'reopen'
    | 'joinedServers'
    | 'rebuildProjection'
    | 'listParked'
    | 'listRejected'
    | 'retryParked'
    | 'adoptClaims'
  >;
  readonly shutdowns: ShutdownDeps;
  readonly audit: AuditWriter;
  readonly now: () => number;
  /** The state before the ends of the room's graph, as a server has it; or a sentence why not. */
  readonly claimedStates: (roomId: RoomId, server: ServerName) => Promise<Result<ClaimedStates, string>>;
}

/** The room of a path: `M_NOT_FOUND` for one that is none of ours, whose object must not be addressed. */
export async function administeredRoom(registry: Pick<RoomRegistry, 'has'>, text: string): Promise<RoomId> {
  const parsed = parseRoomId(text);
  if (!parsed.ok || !(await registry.has(parsed.value))) throw notFound('There is no such room here');
  return parsed.value;
}

/** Query parameters `limit` and `from`, which is what the page before gave as `next`. */
export function pageOf(limit: string | undefined, from: string | undefined) {
  if (from !== undefined && !/^\d{1,9}$/.test(from)) throw invalidParam('from has a wrong value');
  return { limit: limitParam(limit, { min: 1, max: 500, usual: 100 }), offset: Number(from ?? '0') };
}

/** Where the next page begins, if there may be one. */
export const nextOf = (page: { readonly limit: number; readonly offset: number }, count: number) =>
  count < page.limit ? {} : { next: String(page.offset + count) };
