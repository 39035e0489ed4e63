import { readFileSync } from 'node:fs';

import type { Homeserver } from '../../test/support/node/homeserver.ts';

const EVERY_MS = 25;

/** The resident set of workerd, or of Synapse's Python, in MiB; the launcher is not counted. */
export function residentMiB(server: Homeserver): number {
  let kib = 0;
  for (const pid of server.pids()) {
    const status = read(`/proc/${pid}/status`);
    const [, name = ''] = /^Name:\s+(\S+)/m.exec(status) ?? [];
    if (name === 'workerd' || name.startsWith('python')) kib += Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  }
  return kib / 1024;
}

/** @returns what the work gave, and by how many MiB the resident set was larger in between than before. */
export async function growthDuring<T>(server: Homeserver, work: () => Promise<T>): Promise<{ value: T; mib: number }> {
  const before = residentMiB(server);
  let peak = before;
  const pid = server.pids().find((each) => /^Name:\s+(workerd|python)/m.test(read(`/proc/${each}/status`)));
  const look = () => {
    const [, kib] = /^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid ?? 0}/status`)) ?? [];
    peak = Math.max(peak, Number(kib ?? 0) / 1024);
  };
  const timer = setInterval(look, EVERY_MS);
  try {
    return { value: await work(), mib: peak - before };
  } finally {
    clearInterval(timer);
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it ended, or this is no Linux
  }
}
