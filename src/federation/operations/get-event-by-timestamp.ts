// GET /_matrix/federation/v1/timestamp_to_event/{roomId} (Server-Server API, "Retrieving events")
import { parseEventId } from '../../matrix/ids/event-id.ts';
import type { EventId, RoomId, ServerName } from '../../matrix/ids/brands.ts';
import { allow, deny } from '../../matrix/result.ts';
import { requestTarget, type FederationClient, type FederationResult } from '../client.ts';

export interface TimeQuery {
  /** Milliseconds since the epoch. */
  readonly ts: number;
  readonly dir: 'f' | 'b';
}

export async function getEventByTimestamp(
  client: Pick<FederationClient, 'request'>,
  args: { readonly destination: ServerName; readonly roomId: RoomId } & TimeQuery,
): Promise<FederationResult<{ readonly eventId: EventId; readonly originServerTs: number }>> {
  const { destination, roomId, ts, dir } = args;
  const query = [['ts', String(ts)] as const, ['dir', dir] as const];
  const target = requestTarget('/_matrix/federation/v1/timestamp_to_event/{}', [roomId], query);
  const answer = await client.request({ destination, method: 'GET', target });
  if (!answer.ok) return answer;
  const { event_id: id, origin_server_ts: originServerTs } = answer.value;
  const eventId = typeof id === 'string' ? parseEventId(id) : undefined;
  if (eventId?.ok !== true || typeof originServerTs !== 'number') {
    return deny({ kind: 'garbage', reason: 'wrong or missing: event_id, origin_server_ts' });
  }
  return allow({ eventId: eventId.value, originServerTs });
}
