import type { UserId } from '../../matrix/ids/brands.ts';
import type { ProgressStore } from '../progress/store.ts';
import type { RoomJob, RoomJobOrder, RoomJobStore } from './room-job-store.ts';

/** Rooms of one run (contracts, section 6). */
export const ROOMS_PER_RUN = 20;

const FIRST_RETRY_MS = 30_000;
const LONGEST_RETRY_MS = 3_600_000;
/** About a day and a half. */
const MAX_ATTEMPTS = 40;

/** Orders a job, in the transaction that is open: a later order of the same job begins it anew. */
export function orderRoomJob(
  stores: { readonly jobs: RoomJobStore; readonly progress: ProgressStore },
  order: RoomJobOrder,
  now: number,
): void {
  const { kind, userId } = order;
  const rooms = stores.progress.roomsOf(userId).filter(({ membership, wasJoined }) => {
    if (kind === 'erasure') return wasJoined;
    return membership === 'join' || (kind === 'departure' && (membership === 'invite' || membership === 'knock'));
  });
  const roomIds = rooms.map(({ roomId }) => roomId);
  stores.jobs.add({ ...order, revision: stores.progress.take() }, roomIds, now);
}

/**
 * Does what is due in up to {@link ROOMS_PER_RUN} rooms, all at once. A room in which it fails is tried again later.
 * @param work does one; answers false where it has to be tried again. It may act twice, and must take the values of now.
 * @param userId that of one user alone.
 */
export async function runRoomJobs(
  jobs: RoomJobStore,
  work: (job: RoomJob) => Promise<boolean>,
  now: () => number,
  userId?: UserId,
): Promise<void> {
  const due = jobs.due(now(), ROOMS_PER_RUN, userId);
  const done = await Promise.all(due.map((job) => work(job).catch(() => false)));
  for (const [at, job] of due.entries()) {
    if (done[at] === true) jobs.remove(job);
    else jobs.postpone(job, nextTry(job.attempts + 1, now()));
  }
}

function nextTry(attempts: number, now: number): number | undefined {
  if (attempts >= MAX_ATTEMPTS) return undefined;
  return now + Math.min(FIRST_RETRY_MS * 2 ** (attempts - 1), LONGEST_RETRY_MS);
}
