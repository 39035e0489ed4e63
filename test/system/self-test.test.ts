// What an administrator is told of the way to another server, by the embedded server and its launcher
import { cpSync, rmSync } from 'node:fs';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { EyrieServer } from '../support/node/eyrie-server.ts';
import { startEyrie } from '../support/node/eyrie-server.ts';
import { MatrixClient } from '../support/node/matrix-client.ts';
import { TestAuthority } from '../support/node/test-authority.ts';
import { temporaryDirectory } from '../support/node/temporary.ts';
import { startTwoEyries } from '../support/node/two-eyries.ts';
import { until } from '../support/node/until.ts';

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
      'delivery not_exercised worker',
      'make_join ok worker',
      'queue not_exercised worker',
    ]);
    expect(said.ok).toBe(true);
    expect(stepOf(said, 'make_join')?.seen).toContain(roomId);
    expect(stepOf(said, 'tls')?.seen).toMatch(/^TLSv1\.[23]; .*localhost/);
  },
);

test(
  'a message that was delivered comes back; one that the other server lost, restored to before it, is missed',
  LONG,
  async () => {
    const roomId = await admin.createRoom({ preset: 'public_chat' });
    await bob.join(roomId, [here.serverName]);
    const delivery = async () => stepOf(await diagnosed({ peer: there.serverName }), 'delivery');
    const first = await admin.send(roomId, 'delivered');
    await until('the delivery to be seen', async () => (await delivery())?.seen.includes(first) === true);
    expect(await delivery()).toMatchObject({ result: 'ok', seen: expect.stringContaining(first) });
    await there.stop();
    const backup = `${temporaryDirectory('backup')}/data`;
    cpSync(there.data, backup, { recursive: true });
    await there.launch().ready();
    const second = await admin.send(roomId, 'lost');
    await until('the second to be there', async () => (await delivery())?.seen.includes(second) === true);
    await there.stop();
    rmSync(there.data, { recursive: true });
    cpSync(backup, there.data, { recursive: true });
    await there.launch().ready();
    expect(await delivery()).toMatchObject({ result: 'failed', seen: expect.stringContaining(second) });
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
  expect(stepOf(nowhere, 'well_known')?.seen).toContain('the name may not resolve');
  const after = nowhere.steps.slice(nowhere.steps.findIndex(({ step }) => step === 'address'));
  expect(after.filter(({ result }) => result === 'ok' || result === 'warning')).toEqual([]);
});
