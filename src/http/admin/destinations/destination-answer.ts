import type { DestinationClient } from '../../../durable/destination/client.ts';
import type { DestinationList, ListedDestination } from '../../../federation/destination-list.ts';
import type { Standing } from '../../../federation/sending/standing.ts';
import { notFound } from '../../../matrix/error.ts';
import { parseServerName } from '../../../matrix/ids/server-name.ts';
import type { AuditWriter } from '../../../settings/audit-log.ts';
import type { RequireAdmin } from '../../middleware/require-admin.ts';

/** What the administrator's endpoints about other servers need. */
export interface AdminDestinationDeps {
  readonly requireAdmin: RequireAdmin;
  readonly list: DestinationList;
  readonly destinations: Pick<DestinationClient, 'standing' | 'wake'>;
  readonly audit: AuditWriter;
  readonly now: () => number;
}

/** The newest refused events that are shown of one server. */
export const MAX_REFUSED = 100;

/** The server of a path: `M_NOT_FOUND` for a stranger, whose object must not be addressed. */
export async function administeredDestination(list: DestinationList, text: string): Promise<ListedDestination> {
  const server = parseServerName(text);
  const found = server.ok ? await list.find(server.value) : undefined;
  if (found === undefined) throw notFound('Nothing was ever sent to or asked of such a server');
  return found;
}

/** @param standing `undefined`: its object did not answer. */
export function destinationAnswer(
  { server, registeredTs }: ListedDestination,
  standing: Standing | undefined,
  now: number,
) {
  const known = { server, registered_ts: registeredTs };
  if (standing === undefined) return { ...known, status: 'unknown' };
  const { kind, attempt, until, reason } = standing.reachability;
  return {
    ...known,
    status: kind,
    failures: attempt,
    last_error: reason === '' ? null : reason,
    retry_at: until > now ? until : null,
    last_success_ts: standing.lastSuccess ?? null,
    rooms_waiting: standing.roomsWaiting,
    edus_waiting: standing.edusWaiting,
    waiting_since_ts: standing.waitingSince ?? null,
    refused_events: standing.refusedCount,
  };
}

export const refusedAnswer = ({ refused }: Standing) =>
  refused.map(({ roomId, eventId, reason, at }) => ({ room_id: roomId, event_id: eventId, reason, ts: at }));
