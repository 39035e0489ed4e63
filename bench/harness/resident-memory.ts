import { readFileSync } from 'node:fs';

import type { Homeserver } from '../../test/support/node/homeserver.ts';

const SAMPLE_MS = 50;

/** Megabytes of resident memory by the name of the program. Nothing where there is no `/proc`. */
export type ResidentMemory = ReadonlyMap<string, number>;

export function residentMemory(server: Homeserver): ResidentMemory {
  const memory = new Map<string, number>();
  for (const pid of server.pids()) {
    const status = readStatus(pid);
    if (status !== undefined) memory.set(status.name, (memory.get(status.name) ?? 0) + status.megabytes);
  }
  return memory;
}

/** The most that each program had at one time while `work` ran. */
export async function peakMemory(server: Homeserver, work: () => Promise<unknown>): Promise<ResidentMemory> {
  const peak = new Map<string, number>();
  const sample = (): void => {
    for (const [name, megabytes] of residentMemory(server)) {
      peak.set(name, Math.max(peak.get(name) ?? 0, megabytes));
    }
  };
  const timer = setInterval(sample, SAMPLE_MS);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  sample();
  return peak;
}

/** `proc_pid_status(5)`. */
function readStatus(pid: number): { name: string; megabytes: number } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return undefined; // it ended, or this is no Linux
  }
  const name = /^Name:\s+(.*)$/m.exec(text)?.[1] ?? '';
  const kilobytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1] ?? '0');
  return { name: name === 'MainThread' ? 'node' : name, megabytes: kilobytes / 1024 };
}
