import { endStep, endSweep, nextStep } from '../../../src/room/retention/sweep.ts';
import type { RoomRig } from './room-rig.ts';

/** Runs the sweep as its duty does. @returns when the next pass is due. */
export function sweep(room: RoomRig): number | undefined {
  for (let steps = 0; steps < 1_000; steps += 1) {
    const step = nextStep(room.store, room.now);
    if (step === undefined) return endSweep(room.store);
    const next = room.turn(({ store, now }) => endStep(store, step, now));
    if (next === undefined || next > room.now) return next;
  }
  throw new Error('the sweep does not end');
}
