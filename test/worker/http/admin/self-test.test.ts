import { afterEach, expect, test, vi } from 'vitest';

import { aKeyAnswer } from '../../../support/worker/a-key-answer.ts';
import { aPeer, forgetPeers, serverName, type Peer } from '../../../support/worker/a-peer.ts';
import { aLoggedInUser, anAdministrator, ask } from '../../../support/worker/ask.ts';

afterEach(forgetPeers);

const PATH = '/_eyrie/admin/v1/selftest';

interface Said {
  readonly ok: boolean;
  readonly server: string;
  readonly counts: Record<string, number>;
  readonly steps: readonly { step: string; result: string; ok: boolean | null; seen: string; advice: string | null }[];
}

async function diagnosed(body: object): Promise<Said> {
  const { token } = await anAdministrator();
  const answer = await ask('POST', PATH, { token, body });
  expect(answer.status).toBe(200);
  return answer.body as unknown as Said;
}

const resultOf = ({ steps }: Said, name: string) => steps.find(({ step }) => step === name);

/** A server that has everything, our keys too. */
async function aGoodPeer(): Promise<Peer> {
  const peer = aPeer();
  const ours = (await ask('GET', '/_matrix/key/v2/server')).body;
  peer.reply('/_matrix/federation/v1/version', () => ({ server: { name: 'Other', version: '1.2' } }));
  peer.reply('/_matrix/federation/v1/query/profile', () =>
    Response.json({ errcode: 'M_NOT_FOUND', error: 'nobody' }, { status: 404 }),
  );
  peer.reply('/_matrix/key/v2/query', () => ({ server_keys: [ours as never] }));
  peer.reply('/_matrix/federation/v1/publicRooms', () => ({
    chunk: [{ room_id: '!open:elsewhere', num_joined_members: 1, world_readable: false, guest_can_join: false }],
  }));
  peer.reply('/_matrix/federation/v1/make_join/', () => ({ room_version: '11', event: { type: 'm.room.member' } }));
  peer.reply('/_matrix/key/v2/server', () =>
    Response.json(aKeyAnswer(peer.server), { headers: { date: new Date().toUTCString() } }),
  );
  return peer;
}

test('only administrators may have servers diagnosed, and only servers', async () => {
  const { token } = await aLoggedInUser();
  expect(await ask('POST', PATH, { body: {} })).toMatchObject({ status: 401 });
  expect(await ask('POST', PATH, { token, body: {} })).toMatchObject({ status: 403 });
  const { token: admin } = await anAdministrator();
  for (const body of [{ peer: 'no server' }, { room_id: 'x' }, { peer: 1 }]) {
    expect((await ask('POST', PATH, { token: admin, body })).status).toBe(400);
  }
});

test('of a server that is well each step says what was seen, and nothing is sent but an empty transaction', async () => {
  const peer = await aGoodPeer();
  const said = await diagnosed({ peer: peer.server.name });
  expect(said.server).toBe(peer.server.name);
  // Whether the tests can ask DNS is not known.
  const steps = said.steps.filter(({ step }) => step !== 'address');
  expect(steps.map(({ step, result }) => [step, result])).toEqual([
    ['policy', 'ok'],
    // A name with a port, which some servers cannot use.
    ['server_name', 'warning'],
    ['well_known', 'not_exercised'],
    ['route', 'ok'],
    ['port', 'ok'],
    ['tls', 'ok'],
    ['version', 'ok'],
    ['keys', 'ok'],
    ['clock', 'ok'],
    ['signed_request', 'ok'],
    ['transaction', 'ok'],
    ['reached_us', 'ok'],
    // It was sent nothing yet.
    ['delivery', 'not_exercised'],
    ['make_join', 'ok'],
    ['queue', 'not_exercised'],
  ]);
  expect(resultOf(said, 'version')).toMatchObject({ seen: 'Other 1.2', ok: true });
  expect(resultOf(said, 'tls')?.seen).toContain('cannot be read here');
  expect(peer.pdus()).toEqual([]);
  expect(peer.received.some(({ target }) => target.includes('send_join'))).toBe(false);
});

test('what is wrong is named, with what to do', async () => {
  const peer = await aGoodPeer();
  peer.reply('/_matrix/key/v2/server', () =>
    Response.json(aKeyAnswer(peer.server), { headers: { date: new Date(Date.now() - 600_000).toUTCString() } }),
  );
  peer.reply('/_matrix/federation/v1/query/profile', () =>
    Response.json({ errcode: 'M_UNAUTHORIZED', error: 'no key' }, { status: 401 }),
  );
  peer.reply('/_matrix/key/v2/query', () => ({ server_keys: [] }));
  peer.reply('/_matrix/federation/v1/make_join/', () =>
    Response.json({ errcode: 'M_FORBIDDEN', error: 'not you' }, { status: 403 }),
  );
  const said = await diagnosed({ peer: peer.server.name, room_id: '!named:elsewhere' });
  expect(said.ok).toBe(false);
  expect(resultOf(said, 'clock')).toMatchObject({
    result: 'warning',
    seen: expect.stringMatching(/^(599|60\d) s behind/),
  });
  expect(resultOf(said, 'signed_request')).toMatchObject({
    result: 'failed',
    advice: expect.stringContaining('our keys'),
  });
  expect(resultOf(said, 'reached_us')).toMatchObject({ result: 'failed', seen: 'It has no key of ours.' });
  expect(resultOf(said, 'make_join')).toMatchObject({
    result: 'warning',
    seen: expect.stringContaining('!named:elsewhere'),
  });
});

test('keys of another server are told, and what rests on a server that does not answer is never good', async () => {
  const [peer, other] = [await aGoodPeer(), aPeer()];
  peer.reply('/_matrix/key/v2/server', () => aKeyAnswer(other.server));
  expect(resultOf(await diagnosed({ peer: peer.server.name }), 'keys')).toMatchObject({
    result: 'failed',
    seen: 'the keys are of another server',
  });
  const away = await diagnosed({ peer: 'away.example:443' });
  expect(away.ok).toBe(false);
  const after = away.steps.slice(away.steps.findIndex(({ step }) => step === 'port'));
  expect(after.map(({ step, result }) => `${step} ${result}`)).toEqual([
    'port failed',
    'tls not_exercised',
    'version failed',
    'keys not_exercised',
    'clock not_exercised',
    'signed_request not_exercised',
    'transaction not_exercised',
    'reached_us not_exercised',
    'delivery not_exercised',
    'make_join not_exercised',
    'queue not_exercised',
  ]);
  expect(after.filter(({ ok }) => ok === true)).toEqual([]);
});

test('our own name is asked as others ask it, and another server that answers for it is found out', async () => {
  const ours = (await ask('GET', '/_matrix/key/v2/server')).body;
  const answers: Record<string, unknown> = {
    '/_matrix/key/v2/server': ours,
    '/_matrix/federation/v1/version': { server: { name: 'Eyrie', version: '0' } },
  };
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input) => {
    const { pathname } = new URL(input as string);
    return pathname in answers ? Response.json(answers[pathname]) : new Response('', { status: 404 });
  });
  const said = await diagnosed({});
  expect(said.server).toBe(serverName);
  expect(resultOf(said, 'keys')).toMatchObject({ result: 'ok' });
  expect(resultOf(said, 'well_known')).toMatchObject({ result: 'ok', seen: 'There is none.' });
  expect(resultOf(said, 'transaction')).toMatchObject({ result: 'not_exercised', ok: null });
  answers['/_matrix/key/v2/server'] = { ...ours, server_name: 'elsewhere.example' };
  expect(resultOf(await diagnosed({}), 'keys')).toMatchObject({ result: 'failed' });
});

test('what the settings forbid is not asked', async () => {
  const peer = await aGoodPeer();
  const { token } = await anAdministrator();
  const put = (value: unknown) =>
    ask('PUT', '/_eyrie/admin/v1/settings', { token, body: { settings: { 'federation.allow_list': value } } });
  await put(['friends.example']);
  try {
    const said = await diagnosed({ peer: peer.server.name });
    expect(resultOf(said, 'policy')).toMatchObject({ result: 'failed', seen: 'the server is not in the allow list' });
    expect(said.steps.slice(1).every(({ result }) => result === 'not_exercised')).toBe(true);
    expect(peer.received).toEqual([]);
  } finally {
    await put([]);
  }
});

test('while federation is off our own name is not called well', async () => {
  const { token } = await anAdministrator();
  const put = (value: boolean) =>
    ask('PUT', '/_eyrie/admin/v1/settings', { token, body: { settings: { 'federation.enabled': value } } });
  await put(false);
  try {
    const said = await diagnosed({});
    expect(said.ok).toBe(false);
    expect(resultOf(said, 'policy')).toMatchObject({ result: 'failed', advice: 'Set federation.enabled.' });
  } finally {
    await put(true);
  }
});

test('an answer of something that is no homeserver is not taken for one of a homeserver', async () => {
  const peer = await aGoodPeer();
  for (const path of ['/_matrix/federation/v1/query/profile', '/_matrix/federation/v1/make_join/']) {
    peer.reply(path, () => new Response('<h1>Not found</h1>', { status: 404 }));
  }
  const said = await diagnosed({ peer: peer.server.name });
  expect(resultOf(said, 'signed_request')).toMatchObject({ result: 'failed' });
  expect(resultOf(said, 'make_join')).toMatchObject({ result: 'failed' });
});
