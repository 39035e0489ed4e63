import { badJson } from '../../matrix/error.ts';
import type { RoomId } from '../../matrix/ids/brands.ts';
import { isJsonObject, SourceNumber, type JsonObject, type JsonValue } from '../../matrix/json/json-value.ts';
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
  return plainObject(content);
}

function holdsSourceNumber(value: JsonValue | undefined): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return (
    value instanceof SourceNumber || Object.values(value).some((item: JsonValue | undefined) => holdsSourceNumber(item))
  );
}

function plainObject(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([key, item]) => [key, item === undefined ? undefined : plainValue(item)]),
  );
}

function plainValue(value: JsonValue): JsonValue {
  if (value instanceof SourceNumber) return Number(value.source);
  if (typeof value !== 'object' || value === null) return value;
  return Array.isArray(value) ? value.map(plainValue) : plainObject(value as JsonObject);
}
