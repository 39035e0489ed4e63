// GET /_matrix/federation/v1/backfill/{roomId} (Server-Server API, "Backfilling and retrieving missing events")
import type { EventId, RoomId, ServerName } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { requestTarget, type FederationClient, type FederationResult } from '../client.ts';
import { objectList } from './answer-shape.ts';

/** @param args.limit how many PDUs at most, those of `from` included. */
export async function backfill(
  client: Pick<FederationClient, 'request'>,
  args: {
    readonly destination: ServerName;
    readonly roomId: RoomId;
    readonly from: readonly EventId[];
    readonly limit: number;
  },
): Promise<FederationResult<readonly JsonObject[]>> {
  const { destination, roomId, from, limit } = args;
  const query = [...from.map((eventId) => ['v', eventId] as const), ['limit', String(limit)] as const];
  const target = requestTarget('/_matrix/federation/v1/backfill/{}', [roomId], query);
  const answer = await client.request({ destination, method: 'GET', target, timeoutMs: 30_000 });
  return answer.ok ? objectList(answer.value, 'pdus') : answer;
}
