import { readFileSync } from 'node:fs';

import type { Homeserver } from '../../test/support/node/homeserver.ts';

/** Milliseconds of processor time that each program of a server has used. */
export type CpuTimes = ReadonlyMap<string, number>;

const TICK_MS = 10; // USER_HZ is 100 on Linux

/** What the processes of a server have used so far, by the name of the program. Nothing where there is no `/proc`. */
export function cpuTimes(server: Homeserver): CpuTimes {
  const times = new Map<string, number>();
  for (const pid of server.pids()) {
    const stat = readStat(pid);
    if (stat !== undefined) times.set(stat.name, (times.get(stat.name) ?? 0) + stat.ms);
  }
  return times;
}

export function cpuTimesSince(server: Homeserver, before: CpuTimes): CpuTimes {
  return new Map(Array.from(cpuTimes(server), ([name, ms]) => [name, ms - (before.get(name) ?? 0)]));
}

/** `proc_pid_stat(5)`: the program in brackets, then the state; user and system time are fields 14 and 15. */
function readStat(pid: number): { name: string; ms: number } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined; // it ended, or this is no Linux
  }
  const [, name = '', rest = ''] = /^\d+ \((.*)\) (.*)$/s.exec(text) ?? [];
  const fields = rest.split(' ');
  return { name: name === 'MainThread' ? 'node' : name, ms: (Number(fields[11]) + Number(fields[12])) * TICK_MS };
}
