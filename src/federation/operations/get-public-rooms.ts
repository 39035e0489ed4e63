// GET and POST /_matrix/federation/v1/publicRooms (Server-Server API, "Published room directory")
import { publishedPart, readSummary, type PublishedRoom } from '../../matrix/discovery/room-summary.ts';
import type { ServerName } from '../../matrix/ids/brands.ts';
import type { JsonObject, JsonValue } from '../../matrix/json/json-value.ts';
import { allow } from '../../matrix/result.ts';
import { requestTarget, type FederationClient, type FederationResult } from '../client.ts';
import { objectList } from './answer-shape.ts';

export interface PublicRoomsQuery {
  readonly limit: number | undefined;
  readonly since: string | undefined;
  readonly search: string | undefined;
  readonly roomTypes: readonly (string | null)[] | undefined;
  readonly network: string | undefined;
  readonly allNetworks: boolean;
}

export interface PublicRoomsAnswer {
  readonly chunk: readonly PublishedRoom[];
  readonly next_batch?: string;
  readonly prev_batch?: string;
  readonly total_room_count_estimate?: number;
}

const PATH = '/_matrix/federation/v1/publicRooms';

/** However many it was asked for, a server may send what it likes. */
const MAX_ROOMS = 500;
const MAX_TOKEN = 4_096;

/** What is no room is left out of the answer. A filter goes in a body, without one any server answers a GET. */
export async function getPublicRooms(
  client: Pick<FederationClient, 'request'>,
  args: PublicRoomsQuery & { readonly destination: ServerName },
): Promise<FederationResult<PublicRoomsAnswer>> {
  const { destination, search, roomTypes } = args;
  const hasFilter = search !== undefined || roomTypes !== undefined;
  const answer = await client.request(
    hasFilter
      ? { destination, method: 'POST', target: PATH, body: bodyOf(args) }
      : { destination, method: 'GET', target: requestTarget(PATH, [], queryOf(args)) },
  );
  if (!answer.ok) return answer;
  const list = objectList(answer.value, 'chunk');
  if (!list.ok) return list;
  const { next_batch: next, prev_batch: previous, total_room_count_estimate: total } = answer.value;
  return allow({
    chunk: list.value.slice(0, MAX_ROOMS).flatMap((json) => {
      const summary = readSummary(json);
      return summary === undefined ? [] : [publishedPart(summary)];
    }),
    ...(isToken(next) ? { next_batch: next } : {}),
    ...(isToken(previous) ? { prev_batch: previous } : {}),
    ...(typeof total === 'number' ? { total_room_count_estimate: total } : {}),
  });
}

function isToken(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_TOKEN;
}

function queryOf({ limit, since, network, allNetworks }: PublicRoomsQuery): readonly (readonly [string, string])[] {
  return [
    ...(limit === undefined ? [] : [['limit', String(limit)] as const]),
    ...(since === undefined ? [] : [['since', since] as const]),
    ...(allNetworks ? [['include_all_networks', 'true'] as const] : []),
    ...(network === undefined ? [] : [['third_party_instance_id', network] as const]),
  ];
}

function bodyOf({ limit, since, search, roomTypes, network, allNetworks }: PublicRoomsQuery): JsonObject {
  return {
    ...(limit === undefined ? {} : { limit }),
    ...(since === undefined ? {} : { since }),
    filter: {
      ...(search === undefined ? {} : { generic_search_term: search }),
      ...(roomTypes === undefined ? {} : { room_types: roomTypes }),
    },
    ...(allNetworks ? { include_all_networks: true } : {}),
    ...(network === undefined ? {} : { third_party_instance_id: network }),
  };
}
