// POST /_matrix/federation/v1/get_missing_events/{roomId} (Server-Server API, "Backfilling and retrieving missing events")
import type { EventId, RoomId, ServerName } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { requestTarget, type FederationClient, type FederationResult } from '../client.ts';
import { objectList } from './answer-shape.ts';

export interface MissingEventsQuery {
  readonly destination: ServerName;
  readonly roomId: RoomId;
  /** Events that we have: the walk stops at them. */
  readonly earliest: readonly EventId[];
  /** Events whose parents we lack. */
  readonly latest: readonly EventId[];
  readonly limit: number;
  readonly minDepth: number;
}

/** @returns PDUs in no order that could be relied on; some servers send events that were named as known. */
export async function getMissingEvents(
  client: Pick<FederationClient, 'request'>,
  { destination, roomId, earliest, latest, limit, minDepth }: MissingEventsQuery,
): Promise<FederationResult<readonly JsonObject[]>> {
  const target = requestTarget('/_matrix/federation/v1/get_missing_events/{}', [roomId]);
  const body = { earliest_events: earliest, latest_events: latest, limit, min_depth: minDepth };
  const answer = await client.request({ destination, method: 'POST', target, body });
  return answer.ok ? objectList(answer.value, 'events') : answer;
}
