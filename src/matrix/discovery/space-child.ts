import { isJsonObject, type JsonObject, type JsonValue } from '../json/json-value.ts';
import { parseRoomId } from '../ids/room-id.ts';
import { parseServerName } from '../ids/server-name.ts';
import type { RoomId, ServerName } from '../ids/brands.ts';

/** The type of a room that is a space. Source: Client-Server API, "Spaces". */
export const SPACE = 'm.space';

/** A room of a space, as the space says it: stripped, with its time. Source: `GET /rooms/{roomId}/hierarchy`. */
export interface SpaceChild {
  readonly type: 'm.space.child';
  readonly state_key: RoomId;
  readonly sender: string;
  readonly content: JsonObject;
  readonly origin_server_ts: number;
}

/**
 * @param json an event, stripped or whole.
 * @returns `undefined` for what is no child: the room ID is none, or there is no valid list of servers in `via`.
 */
export function readSpaceChild(json: JsonValue): SpaceChild | undefined {
  if (!isJsonObject(json) || json['type'] !== 'm.space.child') return undefined;
  const { state_key: stateKey, sender, content, origin_server_ts: ts } = json;
  const roomId = typeof stateKey === 'string' ? parseRoomId(stateKey) : undefined;
  if (roomId?.ok !== true || typeof sender !== 'string' || typeof ts !== 'number') return undefined;
  if (!isJsonObject(content) || !Array.isArray(content['via'])) return undefined;
  return { type: 'm.space.child', state_key: roomId.value, sender, content, origin_server_ts: ts };
}

/** Servers that are asked about one child. */
const MAX_VIA = 10;

/** Where to find a child; what is no server name is passed over. */
export function viaOf({ content }: SpaceChild): readonly ServerName[] {
  const via = Array.isArray(content['via']) ? content['via'] : [];
  return via.slice(0, MAX_VIA).flatMap((name) => {
    const server = typeof name === 'string' ? parseServerName(name) : undefined;
    return server?.ok === true ? [server.value] : [];
  });
}

export const isSuggested = ({ content }: SpaceChild): boolean => content['suggested'] === true;

/**
 * Children as they are to be shown: those with a valid `order` first, by that; then by time, then by room ID.
 * Source: Client-Server API, "Ordering of children within a space".
 */
export function inOrder(children: readonly SpaceChild[]): readonly SpaceChild[] {
  return children.toSorted((one, other) => {
    const [first, second] = [orderOf(one), orderOf(other)];
    if (first !== second) {
      if (first === undefined) return 1;
      if (second === undefined) return -1;
      return first < second ? -1 : 1;
    }
    const earlier = one.origin_server_ts - other.origin_server_ts;
    if (earlier !== 0) return earlier;
    return one.state_key < other.state_key ? -1 : 1;
  });
}

function orderOf({ content }: SpaceChild): string | undefined {
  const { order } = content;
  return typeof order === 'string' && /^[\x20-\x7E]{1,50}$/.test(order) ? order : undefined;
}
