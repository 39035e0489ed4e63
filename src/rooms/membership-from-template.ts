import { buildPdu } from '../matrix/event/build.ts';
import type { Pdu } from '../matrix/event/pdu.ts';
import type { EventId, RoomId, UserId } from '../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject } from '../matrix/json/json-value.ts';
import type { RoomVersionRules } from '../matrix/room-versions/rules.ts';
import type { RoomsDeps } from './ports.ts';

/**
 * Our event, made of a template: only its place in the graph is taken over, and what membership we asked for.
 * @returns `undefined` for a template of another shape, or of another membership than we asked for.
 * Source: Server-Server API, "Joining Rooms"; `GET /make_knock/{roomId}/{userId}`.
 */
export async function membershipFromTemplate(
  deps: Pick<RoomsDeps, 'serverName' | 'signingKey' | 'now' | 'randomId'>,
  rules: RoomVersionRules,
  template: JsonObject,
  { userId, roomId, content }: { readonly userId: UserId; readonly roomId: RoomId; readonly content: JsonObject },
): Promise<Pdu | undefined> {
  const prev = edgesOf(rules, template['prev_events']);
  const auth = edgesOf(rules, template['auth_events']);
  const { depth } = template;
  if (prev === undefined || auth === undefined || typeof depth !== 'number') return undefined;
  if (!isOf(template, userId, roomId, content['membership'])) return undefined;
  const hashes = new Map([...prev, ...auth]);
  const authorised = isJsonObject(template['content'])
    ? template['content']['join_authorised_via_users_server']
    : undefined;
  const built = buildPdu(
    rules,
    {
      roomId,
      type: 'm.room.member',
      sender: userId,
      stateKey: userId,
      content: typeof authorised === 'string' ? { ...content, join_authorised_via_users_server: authorised } : content,
      prevEvents: prev.map(([id]) => id),
      authEvents: auth.map(([id]) => id),
      depth,
      originServerTs: deps.now(),
      ...(rules.eventId === 'sender'
        ? {
            eventId: `$${deps.randomId()}:${deps.serverName}` as EventId,
            referenceHashOf: (id: EventId) => hashes.get(id) ?? '',
          }
        : {}),
    },
    deps.serverName,
    await deps.signingKey(),
  );
  return built.ok ? built.value : undefined;
}

/** Edges with the hashes that room versions 1 and 2 carry. */
function edgesOf(rules: RoomVersionRules, value: JsonObject[string]): (readonly [EventId, string])[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const edges: (readonly [EventId, string])[] = [];
  for (const item of value as unknown[]) {
    const [id, hashes] = rules.edgesArePairs && Array.isArray(item) ? (item as unknown[]) : [item, undefined];
    if (typeof id !== 'string') return undefined;
    const hash = isJsonObject(hashes as JsonObject) ? (hashes as JsonObject)['sha256'] : undefined;
    edges.push([id as EventId, typeof hash === 'string' ? hash : '']);
  }
  return edges;
}

function isOf(template: JsonObject, userId: UserId, roomId: RoomId, membership: JsonObject[string]): boolean {
  const { type, room_id: room, sender, state_key: stateKey, content } = template;
  if (type !== 'm.room.member' || room !== roomId || sender !== userId || stateKey !== userId) return false;
  return isJsonObject(content) && content['membership'] === membership;
}
