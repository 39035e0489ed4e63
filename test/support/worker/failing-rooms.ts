import { vi } from 'vitest';

import { RoomReads } from '../../../src/durable/room/room-reads.ts';

/** Makes the object of a room fail, as a defect of ours would. @returns what ends that. */
export function whereAudienceFails(roomId: string): () => void {
  let fails = true;
  const audience = Object.getOwnPropertyDescriptor(RoomReads.prototype, 'audience')?.value as RoomReads['audience'];
  vi.spyOn(RoomReads.prototype, 'audience').mockImplementation(async function audienceOrFail(this: RoomReads, call) {
    if (fails && call.roomId === roomId) throw new Error('the object was reset');
    return audience.call(this, call);
  });
  return () => (fails = false);
}
