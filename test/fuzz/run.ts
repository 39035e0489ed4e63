// npm run fuzz [-- --requests N --seed S]: generated requests to every route for other servers, at a real server.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import prepareRun from '../support/node/build.ts';
import { fuzzFederation, type Finding } from '../support/fuzz/fuzz-federation.ts';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    report: { type: 'string' },
  },
});

const say = (line: string) => process.stdout.write(`${line}\n`);

/** Of one thing that is wrong in many places a few are enough. */
const SHOWN = 14;

function tell({ name, faults }: Finding): void {
  say(`${faults.length === 0 ? 'ok    ' : 'FAILED'} ${name}`);
  for (const fault of faults.slice(0, SHOWN)) say(`         ${fault}`);
  if (faults.length > SHOWN) say(`         and ${faults.length - SHOWN} more`);
}

const end = prepareRun();
try {
  const findings = await fuzzFederation({ requests: Number(values.requests), seed: Number(values.seed), say });
  for (const finding of findings) tell(finding);
  const failed = findings.filter(({ faults }) => faults.length > 0).length;
  if (values.report !== undefined) {
    writeFileSync(values.report, JSON.stringify({ passed: findings.length - failed, failed }));
  }
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  end();
}
