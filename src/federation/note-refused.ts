import type { RoomId, ServerName } from '../matrix/ids/brands.ts';
import type { FederationFailure } from './failure.ts';

/** The room object, which counts the servers that do not show us its state or history. */
export interface RefusedRoom {
  serverRefused(call: { readonly roomId: RoomId; readonly server: ServerName }): Promise<void>;
}

/**
 * Tells the room that one of its servers answered 403 to a question about its state or history (contracts, section 9).
 * Never rejects: what was asked for goes on without it.
 */
export async function noteRefused(
  rooms: RefusedRoom,
  roomId: RoomId,
  server: ServerName,
  failure: FederationFailure,
): Promise<void> {
  if (failure.kind !== 'refused' || failure.status !== 403) return;
  await rooms.serverRefused({ roomId, server }).catch(() => {});
}
