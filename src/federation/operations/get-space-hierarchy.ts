// GET /_matrix/federation/v1/hierarchy/{roomId} (Server-Server API, "Spaces")
import { readSummary, type RoomSummary } from '../../matrix/discovery/room-summary.ts';
import { inOrder, readSpaceChild, viaOf, type SpaceChild } from '../../matrix/discovery/space-child.ts';
import { parseRoomId } from '../../matrix/ids/room-id.ts';
import type { RoomId, ServerName } from '../../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../matrix/json/json-value.ts';
import { allow, deny } from '../../matrix/result.ts';
import { requestTarget, type FederationClient, type FederationResult } from '../client.ts';

/** What matters before a room is joined. */
export interface RoomEntry {
  readonly guestCanJoin: boolean;
  readonly isPublic: boolean;
  readonly joinedMembers: number;
  /** `false` also where the server does not tell. */
  readonly isEncrypted: boolean;
}

export interface SpaceHierarchy {
  readonly room: RoomSummary;
  readonly children_state: readonly SpaceChild[];
  readonly children: readonly RoomSummary[];
  readonly inaccessible_children: readonly RoomId[];
}

/** An answer is kept for a while: it may not be large. */
const MAX_BYTES = 1024 * 1024;
const MAX_CHILDREN = 500;

/** What is none is left out of the lists; of the children only what leads there is kept. */
export async function getSpaceHierarchy(
  client: Pick<FederationClient, 'request'>,
  args: { readonly destination: ServerName; readonly roomId: RoomId; readonly suggestedOnly: boolean },
): Promise<FederationResult<SpaceHierarchy>> {
  const { destination, roomId, suggestedOnly } = args;
  const query = [['suggested_only', String(suggestedOnly)] as const];
  const target = requestTarget('/_matrix/federation/v1/hierarchy/{}', [roomId], query);
  const answer = await client.request({ destination, method: 'GET', target, maxBytes: MAX_BYTES });
  if (!answer.ok) return answer;
  const { room, children, inaccessible_children: inaccessible } = answer.value;
  const summary = readSummary(room);
  if (summary?.room_id !== roomId) return deny({ kind: 'garbage', reason: 'wrong or missing: room' });
  const childrenState = isJsonObject(room) ? listOf(room['children_state']) : [];
  return allow({
    room: summary,
    children_state: inOrder(childrenState.flatMap((json) => some(readSpaceChild(json))).map(withoutMore)),
    children: listOf(children).flatMap((json) => some(readSummary(json))),
    inaccessible_children: listOf(inaccessible).flatMap((id) => {
      const parsed = typeof id === 'string' ? parseRoomId(id) : undefined;
      return parsed?.ok === true ? [parsed.value] : [];
    }),
  });
}

const listOf = (value: JsonValue | undefined): readonly JsonValue[] =>
  Array.isArray(value) ? value.slice(0, MAX_CHILDREN) : [];

const some = <T>(value: T | undefined): readonly T[] => (value === undefined ? [] : [value]);

function withoutMore(child: SpaceChild): SpaceChild {
  const { order, suggested } = child.content;
  const content: JsonObject = {
    via: [...viaOf(child)],
    ...(typeof order === 'string' ? { order } : {}),
    ...(suggested === true ? { suggested } : {}),
  };
  return { ...child, content };
}

/** Asks for the room itself; what belongs to it as a space is not looked at. */
export async function getRoomEntry(
  client: Pick<FederationClient, 'request'>,
  args: { readonly destination: ServerName; readonly roomId: RoomId },
): Promise<FederationResult<RoomEntry>> {
  const target = requestTarget('/_matrix/federation/v1/hierarchy/{}', [args.roomId]);
  const answer = await client.request({ destination: args.destination, method: 'GET', target });
  if (!answer.ok) return answer;
  const { room } = answer.value;
  const {
    room_id: id,
    num_joined_members: members,
    join_rule: rule,
    encryption,
    guest_can_join: guestCanJoin,
  } = isJsonObject(room) ? room : {};
  if (id !== args.roomId || typeof members !== 'number') {
    return deny({ kind: 'garbage', reason: 'wrong or missing: room' });
  }
  // A rule that is not named is `public`.
  return allow({
    isPublic: rule === undefined || rule === 'public',
    joinedMembers: members,
    isEncrypted: typeof encryption === 'string',
    guestCanJoin: guestCanJoin === true,
  });
}
