import { execFileSync } from 'node:child_process';

import { StartError } from './start-error.ts';

/**
 * Each open room, user shard and destination holds three descriptors. With a limit of 1,024 the runtime crashed at 320
 * rooms (seen), after telling clients "internal error"; this much is good for about 1,300 objects at once.
 */
const LEAST_DESCRIPTORS = 4096;

/**
 * Refuses a descriptor limit that would break the server under load. The hard limit counts: Node raises its soft limit
 * to it when it starts, and the runtime inherits that.
 * @throws StartError naming the limit and what is needed.
 */
export function checkDescriptorLimit(): void {
  const limit = execFileSync('/bin/sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim();
  if (limit === 'unlimited' || Number(limit) >= LEAST_DESCRIPTORS) return;
  throw new StartError(
    `The limit of open files (ulimit -Hn) is ${limit}; Eyrie needs at least ${LEAST_DESCRIPTORS}, or it would fail with a few hundred open rooms.`,
  );
}
