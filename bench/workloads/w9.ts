import { median, withSpread } from '../harness/statistics.ts';
import { type Progress, type RunOptions, type Section, table } from '../harness/workload.ts';
import { startWorkerd } from '../workerd.ts';
import { preparePduChecks } from './pdu-checks.ts';

const count = 20_000;
const repetitions = 5;
const TARGET = 8000;
const parts = ['check', 'canonical', 'verify'] as const;
type Part = (typeof parts)[number];

/** Runs a part once and gives its count; the time is taken around it. */
type RunPart = (part: Part) => Promise<number>;

/** Workload W9, crypto and JSON: the checks of a PDU that need no room, in Node and in workerd. */
export async function run(_options: RunOptions, progress: Progress): Promise<Section> {
  const checks = preparePduChecks(count);
  const inNode = await measure(`Node ${process.version}`, (part) => Promise.resolve(checks[part]()));
  progress('W9 in Node is done');
  const workerd = await startWorkerd(new URL('./w9-worker.ts', import.meta.url));
  try {
    const ask = async (path: string): Promise<number> => {
      const answer = await workerd.dispatchFetch(`http://localhost/${path}`);
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      return Number(await answer.text());
    };
    await ask(`prepare?count=${count}`);
    // One more round trip per run, of under 5 ms in some 2 s: the clock has to be outside.
    const inWorkerd = await measure('workerd', ask);
    return report([inNode, inWorkerd], inWorkerd);
  } finally {
    await workerd.dispose();
  }
}

interface Measured {
  readonly where: string;
  readonly times: Readonly<Record<Part, readonly number[]>>;
  /** of the canonical JSON of all PDUs */
  readonly bytes: number;
}

async function measure(where: string, runPart: RunPart): Promise<Measured> {
  const times: Record<Part, number[]> = { check: [], canonical: [], verify: [] };
  let bytes = 0;
  // Interleaved, so that a machine that slows down slows all parts.
  for (let repetition = 0; repetition <= repetitions; repetition += 1) {
    for (const part of parts) {
      const start = performance.now();
      const done = await runPart(part);
      const elapsedMs = performance.now() - start;
      if (part === 'canonical') bytes = done;
      // Correctness gate: a part that passes fewer PDUs scores nothing.
      else if (done !== count) throw new Error(`${where}, ${part}: ${done} of ${count} PDUs passed`);
      // The first repetition warms up.
      if (repetition > 0) times[part].push(elapsedMs);
    }
  }
  return { where, times, bytes };
}

function report(measured: readonly Measured[], inWorkerd: Measured): Section {
  const perSecond = (times: readonly number[]) => times.map((ms) => (count * 1000) / ms);
  const rows = measured.map(({ where, times, bytes }) => [
    where,
    withSpread(perSecond(times.check), 0),
    withSpread(perSecond(times.verify), 0),
    `${Math.round((100 * median(times.verify)) / median(times.check))} %`,
    withSpread(perSecond(times.canonical), 0),
    `${((1000 * median(times.canonical)) / count).toFixed(2)} (${Math.round(bytes / count)} bytes)`,
  ]);
  const rate = median(perSecond(inWorkerd.times.check));
  const lines = [
    `The checks of a PDU that need no room (parse, two hashes, redaction, signature) over ${count} PDUs on one thread; median of ${repetitions} runs, slowest and fastest in brackets.`,
    '',
    ...table(
      [
        'runtime',
        'whole check, PDU/s',
        'signature alone, /s',
        'whole check as share of it',
        'canonical JSON, /s',
        'us each',
      ],
      rows,
    ),
    '',
    `- Whole check in workerd at least ${TARGET} PDU/s: ${rate.toFixed(0)}, ${rate >= TARGET ? 'met' : 'missed'}.`,
    '- Not compared with the check path of another homeserver.',
  ];
  return { title: 'W9 crypto and JSON', lines };
}
