import type { AuthState } from '../matrix/auth/auth-state.ts';
import { requiredPowerLevel, userPowerLevel } from '../matrix/auth/power-levels.ts';
import { forbidden } from '../matrix/error.ts';
import type { Pdu } from '../matrix/event/pdu.ts';
import type { RoomId } from '../matrix/ids/brands.ts';
import { roomVersionRules } from '../matrix/room-versions/versions.ts';
import type { Asker } from './ports.ts';
import { membershipOf, stateEvent, type RoomReader, type StateEvent } from './room-reader.ts';

/** Throws `M_FORBIDDEN` for who is not joined. */
export async function requireJoined(reader: RoomReader, asker: Asker, roomId: RoomId): Promise<void> {
  if ((await membershipOf(reader, asker, roomId, asker.userId)) !== 'join') throw forbidden('You are not in this room');
}

/**
 * Throws `M_FORBIDDEN` for who is not joined or lacks the power to send `m.room.canonical_alias`: the specification
 * leaves to servers who may change what the directory says of a room.
 */
export async function requireDirectoryPower(reader: RoomReader, asker: Asker, roomId: RoomId): Promise<void> {
  await requireJoined(reader, asker, roomId);
  const { roomVersion } = await reader.status({ roomId });
  const rules = roomVersion === undefined ? undefined : roomVersionRules(roomVersion);
  if (rules === undefined) throw forbidden('You are not in this room');
  const [create, powerLevels] = await Promise.all([
    stateEvent(reader, asker, roomId, ['m.room.create', '']),
    stateEvent(reader, asker, roomId, ['m.room.power_levels', '']),
  ]);
  const state = levelState({ 'm.room.create': create, 'm.room.power_levels': powerLevels });
  const required = requiredPowerLevel(rules, state, { type: 'm.room.canonical_alias', stateKey: '' });
  if (userPowerLevel(rules, state, asker.userId) < required) {
    throw forbidden('Your power level in this room is too low');
  }
}

/** Power levels look at nothing but sender and content. */
const levelState =
  (events: Readonly<Record<string, StateEvent | undefined>>): AuthState =>
  (type) =>
    events[type] as Pdu | undefined;
