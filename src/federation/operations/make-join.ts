// GET /_matrix/federation/v1/make_join/{roomId}/{userId} (Server-Server API, "Joining Rooms")
import type { RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import { allow } from '../../matrix/result.ts';
import { requestTarget, type FederationClient, type FederationResult } from '../client.ts';
import { object } from './answer-shape.ts';

export interface MembershipTemplate {
  /** `undefined` where the server names none: the room is then of version 1 or 2. */
  readonly roomVersion: string | undefined;
  /** An unsigned event: of it only `content`, `prev_events`, `auth_events` and `depth` are to be taken. */
  readonly event: JsonObject;
}

/** @param versions the room versions that we can join. */
export async function makeJoin(
  client: Pick<FederationClient, 'request'>,
  args: {
    readonly destination: ServerName;
    readonly roomId: RoomId;
    readonly userId: UserId;
    readonly versions: readonly string[];
  },
): Promise<FederationResult<MembershipTemplate>> {
  const { destination, roomId, userId, versions } = args;
  const target = requestTarget(
    '/_matrix/federation/v1/make_join/{}/{}',
    [roomId, userId],
    versions.map((version) => ['ver', version] as const),
  );
  const answer = await client.request({ destination, method: 'GET', target, timeoutMs: 30_000 });
  return answer.ok ? readTemplate(answer.value) : answer;
}

export function readTemplate(answer: JsonObject): FederationResult<MembershipTemplate> {
  const event = object(answer, 'event');
  if (!event.ok) return event;
  const version = answer['room_version'];
  return allow({ roomVersion: typeof version === 'string' ? version : undefined, event: event.value });
}
