import { startWorkerd } from '../workerd.ts';
import { preparePduChecks } from './pdu-checks.ts';

const count = 20_000;
const repetitions = 5;
const parts = ['check', 'canonical', 'verify'] as const;
type Part = (typeof parts)[number];

/** Runs a part once and gives its count; the time is taken around it. */
type RunPart = (part: Part) => Promise<number>;

/** Workload W9, crypto and JSON: the checks of a PDU that need no room, in Node and in workerd. */
export async function run(): Promise<void> {
  console.log(
    `W9 the checks of a PDU that need no room: ${count} PDUs, median of ${repetitions} runs (slowest to fastest)`,
  );
  const checks = preparePduChecks(count);
  await measure(`Node ${process.version}`, (part) => Promise.resolve(checks[part]()));

  const workerd = await startWorkerd(new URL('./w9-worker.ts', import.meta.url));
  try {
    const ask = async (path: string): Promise<number> => {
      const answer = await workerd.dispatchFetch(`http://localhost/${path}`);
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      return Number(await answer.text());
    };
    await ask(`prepare?count=${count}`);
    // One more round trip per run, of under 5 ms in some 2 s: the clock has to be outside.
    await measure('workerd', ask);
  } finally {
    await workerd.dispose();
  }
}

async function measure(where: string, runPart: RunPart): Promise<void> {
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
  const perSecond = (part: Part) => Math.round((count * 1000) / median(times[part]));
  const spread = (part: Part) => {
    const sorted = times[part].toSorted((a, b) => b - a).map((ms) => Math.round((count * 1000) / ms));
    return `${sorted[0]} to ${sorted.at(-1)}`;
  };
  const share = Math.round((100 * median(times.verify)) / median(times.check));
  console.log(`W9 ${where}, ${Math.round(bytes / count)} bytes a PDU`);
  console.log(`W9   whole check     ${perSecond('check')} PDU/s (${spread('check')}), ${share} % of verifying alone`);
  console.log(`W9   verify alone    ${perSecond('verify')} /s (${spread('verify')})`);
  const canonicalUs = (1000 * median(times.canonical)) / count;
  console.log(
    `W9   canonical JSON  ${perSecond('canonical')} /s (${spread('canonical')}), ${canonicalUs.toFixed(2)} us a PDU`,
  );
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
