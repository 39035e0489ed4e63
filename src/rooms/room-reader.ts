import { MatrixError } from '../matrix/error.ts';
import type { RoomId, UserId } from '../matrix/ids/brands.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';
import type { Asker } from './ports.ts';

/** A state event, as far as use-cases look at it. */
export interface StateEvent {
  readonly sender: UserId;
  readonly content: JsonObject;
}

/** What use-cases read of a room, always as one user may. Refusals are thrown as MatrixError. */
export interface RoomReader {
  status(call: { roomId: RoomId }): Promise<{ readonly lifecycle: string; readonly roomVersion: string | undefined }>;
  /** Throws `M_FORBIDDEN` for who may not read the room, `M_NOT_FOUND` for state that it does not have. */
  readStateEvent(call: {
    roomId: RoomId;
    userId: UserId;
    scope: string;
    type: string;
    stateKey: string;
  }): Promise<StateEvent>;
}

/** @returns `undefined` for state that the room does not have. Throws `M_FORBIDDEN` as the room does. */
export async function stateEvent(
  reader: RoomReader,
  { userId }: Asker,
  roomId: RoomId,
  [type, stateKey]: readonly [string, string],
): Promise<StateEvent | undefined> {
  try {
    return await reader.readStateEvent({ roomId, userId, scope: '', type, stateKey });
  } catch (error) {
    if (error instanceof MatrixError && error.errcode === 'M_NOT_FOUND') return undefined;
    throw error;
  }
}

/** A user's membership, `leave` for none, as the asker sees it. */
export async function membershipOf(reader: RoomReader, asker: Asker, roomId: RoomId, userId: UserId): Promise<string> {
  const event = await stateEvent(reader, asker, roomId, ['m.room.member', userId]);
  const membership = event?.content['membership'];
  return typeof membership === 'string' ? membership : 'leave';
}
