import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describeMachine } from './machine.ts';
import type { Section } from './workload.ts';

const directory = join(import.meta.dirname, '..', 'reports');

/** Puts the sections of a run together. @param loads the load averages at its begin and its end. */
export function composeReport(
  sections: readonly Section[],
  run: { command: string; date: string; loads: string[] },
): string {
  const lines = [
    `# ${sections.map(({ title }) => title.split(' ', 1)[0]).join(', ')}: ${run.date}`,
    '',
    `\`${run.command}\``,
    '',
    ...describeMachine().map((line) => `- ${line}`),
    `- load average when the run began and after each workload: ${run.loads.join(', ')}. The run itself keeps about two processes busy; what is more was the work of others on the same machine.`,
    '',
    ...sections.flatMap(({ title, lines: body }) => [`## ${title}`, '', ...body, '']),
  ];
  return lines.join('\n');
}

/** @returns the path of the file. */
export function writeReport(text: string, { names, date }: { names: readonly string[]; date: string }): string {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `${date}-${names.join('-')}.md`);
  writeFileSync(file, text);
  return file;
}
