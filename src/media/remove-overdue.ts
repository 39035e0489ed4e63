import { prefixOf } from './object-keys.ts';
import type { MediaDeps } from './ports.ts';

/** An upload that has begun may go on for so long after its name has run out. */
const GRACE_MS = 2 * 3_600_000;

/** Removes a few of the files that never got their bytes or lost them, and what attempts have left behind. */
export async function removeOverdue({
  records,
  files,
  now,
}: Pick<MediaDeps, 'records' | 'files' | 'now'>): Promise<void> {
  for (const name of await records.overdue(now() - GRACE_MS)) {
    await files.removeAll(prefixOf(name));
    await records.release(name);
  }
}
