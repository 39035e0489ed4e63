import { forbidden } from '../../matrix/error.ts';
import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { RoomStore } from '../store.ts';

/** A room that an administrator of this server has closed to its users. Plain JSON. */
export interface Shutdown {
  /** The administrator. */
  readonly by: UserId;
  /** Milliseconds. */
  readonly since: number;
  /** A room in which those who are removed are told why, and who invites them to it. */
  readonly notice?: { readonly roomId: RoomId; readonly userId: UserId };
  /** `directory`: aliases and the directory entry go first; `members`: they are gone; `done`: the users are, too. */
  readonly step: 'directory' | 'members' | 'done';
  /** The last user who was asked to leave; they are asked in the order of their IDs, each once. */
  readonly after?: UserId;
  /** How many users have left by it. */
  readonly removed: number;
  /** Of those who could not leave, some. */
  readonly failed: readonly UserId[];
}

export function shutdownOf(store: Pick<RoomStore, 'sagas'>): Shutdown | undefined {
  const saga = store.sagas.get('shutdown', 'room');
  return saga === undefined ? undefined : (JSON.parse(saga.data) as Shutdown);
}

/** Throws `M_FORBIDDEN`: nobody comes into a room that was closed. */
export function requireOpen(store: Pick<RoomStore, 'sagas'>): void {
  if (shutdownOf(store) !== undefined) throw forbidden('An administrator of this server has closed this room');
}
