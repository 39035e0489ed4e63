import type { RoomId } from '../../matrix/ids/brands.ts';
import type { SlidingStore } from './sliding-store.ts';

/** What a room says of a range of its stream, and of itself. */
export interface RoomActivity {
  readonly isActive: boolean;
  /** Whether something counts as activity to people. Source: MSC4186, `bump_stamp`. */
  readonly isBumped: boolean;
  readonly roomType: string | null;
  readonly isEncrypted: boolean;
}

/** Keeps what a range that was just applied under `seq` says, in the transaction that is open. */
export function noteActivity(
  store: Pick<SlidingStore, 'knownRoom' | 'putKnownRoom'>,
  roomId: RoomId,
  { isActive, isBumped, roomType, isEncrypted }: RoomActivity,
  seq: number,
): void {
  const held = store.knownRoom(roomId);
  const isKind = held?.roomType === roomType && held.isEncrypted === isEncrypted;
  if (isKind && !isActive && !isBumped) return;
  store.putKnownRoom(roomId, {
    activeSeq: isActive ? seq : (held?.activeSeq ?? 0),
    bumpSeq: isBumped ? seq : (held?.bumpSeq ?? 0),
    roomType,
    isEncrypted,
  });
}
