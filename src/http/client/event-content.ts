import { badJson } from '../../matrix/error.ts';
import type { RoomId } from '../../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject } from '../../matrix/json/json-value.ts';
import { holdsSourceNumber, plainJson } from '../../matrix/json/plain-json.ts';
import type { RoomVersionRules } from '../../matrix/room-versions/rules.ts';
import { roomVersionRules } from '../../matrix/room-versions/versions.ts';
import type { RoomReader } from '../../rooms/room-reader.ts';
import { readJson } from '../middleware/json-body.ts';

/** The body of a request as the content of an event. Throws `M_NOT_JSON` or `M_BAD_JSON`. */
export async function readContent(
  request: Request,
  room: Pick<RoomReader, 'status'>,
  roomId: RoomId,
): Promise<JsonObject> {
  const content = await readJson(request);
  if (!isJsonObject(content)) throw badJson('The content of an event is an object');
  if (!holdsSourceNumber(content)) return content;
  const { roomVersion } = await room.status({ roomId });
  return ownContent(roomVersion === undefined ? undefined : roomVersionRules(roomVersion), content);
}

/**
 * Numbers that canonical JSON does not know are `M_BAD_JSON`; in the early room versions that allow them they become
 * JavaScript's, since the class that keeps their source does not cross RPC.
 */
export function ownContent(rules: RoomVersionRules | undefined, content: JsonObject): JsonObject {
  if (!holdsSourceNumber(content)) return content;
  if (rules?.strictCanonicalJson !== false) throw badJson('Numbers must be integers of at most 53 bits');
  return plainJson(content);
}
