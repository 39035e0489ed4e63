import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { TypingBoard, TypingInRoom } from './sync-plan.ts';

interface Entry {
  readonly userIds: readonly UserId[];
  readonly seq: number;
}

/** Who types where, as the rooms last said. In memory: typing is never a row, and the room says when it ends. */
export class MemoryTypingBoard implements TypingBoard {
  readonly #rooms = new Map<RoomId, Entry>();

  /** @param seq the shard's counter at this change, so that a sync sees it once. */
  set(roomId: RoomId, userIds: readonly UserId[], seq: number): void {
    this.#rooms.set(roomId, { userIds, seq });
  }

  changedAfter(since: number): readonly TypingInRoom[] {
    return [...this.#rooms]
      .filter(([, { seq, userIds }]) => seq > since && (since > 0 || userIds.length > 0))
      .map(([roomId, { userIds, seq }]) => ({ roomId, userIds, seq }));
  }
}
