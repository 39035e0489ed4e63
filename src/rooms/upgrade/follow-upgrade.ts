import { MatrixError } from '../../matrix/error.ts';
import type { RoomId } from '../../matrix/ids/brands.ts';
import { parseRoomId } from '../../matrix/ids/room-id.ts';
import { isJsonObject } from '../../matrix/json/json-value.ts';
import type { Asker, RoomRegistry } from '../ports.ts';
import { stateEvent, type RoomReader } from '../room-reader.ts';
import type { CarriedSettings } from './ports.ts';

export interface FollowDeps {
  readonly registry: Pick<RoomRegistry, 'has'>;
  readonly room: RoomReader;
  readonly settings: CarriedSettings;
}

/**
 * After a user has joined a room: what they set for the room that it replaces holds for it as well. The room must be
 * what the old one names as its replacement, or anybody's room could claim to be. Never fails the join.
 * Source: Client-Server API, "Room Upgrades", "Server behaviour", last paragraph.
 */
export async function followUpgrade(deps: FollowDeps, asker: Asker, roomId: RoomId): Promise<void> {
  try {
    const from = await predecessorOf(deps, asker, roomId);
    if (from !== undefined) await deps.settings.carrySettings(asker, from, roomId);
  } catch (error) {
    if (!(error instanceof MatrixError)) throw error;
  }
}

async function predecessorOf(
  { registry, room }: FollowDeps,
  asker: Asker,
  roomId: RoomId,
): Promise<RoomId | undefined> {
  const create = await stateEvent(room, asker, roomId, ['m.room.create', '']);
  const predecessor = create?.content['predecessor'];
  const named = isJsonObject(predecessor) ? predecessor['room_id'] : undefined;
  const from = typeof named === 'string' ? parseRoomId(named) : undefined;
  if (from?.ok !== true || !(await registry.has(from.value))) return undefined;
  const tombstone = await stateEvent(room, asker, from.value, ['m.room.tombstone', '']);
  return tombstone?.content['replacement_room'] === roomId ? from.value : undefined;
}
