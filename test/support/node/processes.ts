import { execFileSync } from 'node:child_process';

/** A running process, as `ps` shows it. */
export interface RunningProcess {
  pid: number;
  parent: number;
  command: string;
}

/** Every running process; those that ended and were not collected yet (zombies) are left out. */
export function runningProcesses(): RunningProcess[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,state=,args='], { encoding: 'utf8' }).split('\n');
  return lines.flatMap((line) => {
    const [, pid, parent, state, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (command === undefined || (state ?? '').startsWith('Z')) return [];
    return [{ pid: Number(pid), parent: Number(parent), command }];
  });
}

/** A process and everything that it started, and that started, the oldest first. */
export function familyOf(pid: number, all = runningProcesses()): RunningProcess[] {
  const family = all.filter((process) => process.pid === pid);
  for (const member of family) family.push(...all.filter((process) => process.parent === member.pid));
  return family;
}

export function isRunning(pid: number): boolean {
  return runningProcesses().some((process) => process.pid === pid);
}
