// What an administrator is told of the way to another server, by the embedded server and its launcher
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { EyrieServer } from '../support/node/eyrie-server.ts';
import { startEyrie } from '../support/node/eyrie-server.ts';
import { MatrixClient } from '../support/node/matrix-client.ts';
import { TestAuthority } from '../support/node/test-authority.ts';
import { startTwoEyries } from '../support/node/two-eyries.ts';

interface Said {
  readonly ok: boolean;
  readonly steps: readonly { step: string; result: string; seen: string; seen_by: string; advice: string | null }[];
}

const LONG = { timeout: 120_000 };

let here: EyrieServer;
let there: EyrieServer;
let untrusted: EyrieServer;
let admin: MatrixClient;
let bob: MatrixClient;

beforeAll(async () => {
  [here, there] = await startTwoEyries();
  const { cert, key } = await (await TestAuthority.make()).certificate();
  untrusted = await startEyrie({ tlsCert: cert, tlsKey: key });
  admin = await new MatrixClient(here.clientUrl).register('admin', 'correct horse', here.bootstrapToken);
  bob = await new MatrixClient(there.clientUrl).register('bob');
});
afterAll(() => Promise.all([here.remove(), there.remove(), untrusted.remove()]));

const diagnosed = (body: object) => admin.request<Said>('POST', '/_eyrie/admin/v1/selftest', body);

const results = ({ steps }: Said) => steps.map(({ step, result, seen_by: by }) => `${step} ${result} ${by}`);

const stepOf = ({ steps }: Said, name: string) => steps.find(({ step }) => step === name);

test(
  'two servers that federate: each step is seen, the connection and the certificate by the launcher',
  LONG,
  async () => {
    const roomId = await bob.createRoom({ preset: 'public_chat', visibility: 'public' });
    const said = await diagnosed({ peer: there.serverName });
    expect(results(said)).toEqual([
      'policy ok worker',
      'server_name warning worker',
      'well_known not_exercised worker',
      'route ok worker',
      'address ok launcher',
      'port ok launcher',
      'tls ok launcher',
      'version ok worker',
      'keys ok worker',
      'clock ok worker',
      'signed_request ok worker',
      'transaction ok worker',
      'reached_us ok worker',
      'make_join ok worker',
      'queue not_exercised worker',
    ]);
    expect(said.ok).toBe(true);
    expect(stepOf(said, 'make_join')?.seen).toContain(roomId);
    expect(stepOf(said, 'tls')?.seen).toMatch(/^TLSv1\.[23]; .*localhost/);
  },
);

test('our own name as others find it', LONG, async () => {
  const said = await diagnosed({});
  expect(said.ok).toBe(true);
  expect(results(said).slice(4, 10)).toEqual([
    'address ok launcher',
    'port ok launcher',
    'tls ok launcher',
    'version ok worker',
    'keys ok worker',
    'clock ok worker',
  ]);
});

test('a certificate that nobody trusts, a port that is closed, and a name that is nowhere', LONG, async () => {
  const wrong = await diagnosed({ peer: untrusted.serverName });
  expect(wrong.ok).toBe(false);
  expect(stepOf(wrong, 'port')).toMatchObject({ result: 'ok' });
  expect(stepOf(wrong, 'tls')).toMatchObject({ result: 'failed', seen: expect.stringContaining('not trusted') });
  expect(stepOf(wrong, 'transaction')).toMatchObject({ result: 'not_exercised' });
  const closed = await diagnosed({ peer: 'localhost:1' });
  expect(stepOf(closed, 'port')).toMatchObject({ result: 'failed', seen: expect.stringContaining('ECONNREFUSED') });
  expect(stepOf(closed, 'tls')).toMatchObject({ result: 'not_exercised' });
  const nowhere = await diagnosed({ peer: 'nowhere.invalid' });
  expect(stepOf(nowhere, 'address')).toMatchObject({ result: 'failed' });
  const after = nowhere.steps.slice(nowhere.steps.findIndex(({ step }) => step === 'address'));
  expect(after.filter(({ result }) => result === 'ok' || result === 'warning')).toEqual([]);
});
