import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { readRegistrationFiles } from '../../embedded/appservices.ts';
import { EyrieProcess } from '../support/node/eyrie-process.ts';
import { freePorts } from '../support/node/free-ports.ts';
import { type EyrieServer, startEyrie, temporaryData } from '../support/node/eyrie-server.ts';
import { MatrixClient } from '../support/node/matrix-client.ts';
import { ReceivingAppservice } from '../support/node/receiving-appservice.ts';
import { registerBySharedSecret } from '../support/node/shared-secret-user.ts';
import { temporaryDirectory } from '../support/node/temporary.ts';
import { until } from '../support/node/until.ts';

const SHARED_SECRET = 'a shared secret of the tests';
const PATH = '/_eyrie/admin/v1/appservices';

const directory = temporaryDirectory('appservices');
const appservice = new ReceivingAppservice('IRC Bridge');
let server: EyrieServer;

/** As bridges write them. */
function fileOf(url: string): string {
  return `# made by a bridge
id: "IRC Bridge"
url: "${url}"
as_token: "${appservice.asToken}"
hs_token: "${appservice.hsToken}"
sender_localpart: "_irc_bot"
namespaces:
  users:
    - exclusive: true
      regex: "@_irc_bridge_.*"
  aliases:
    - exclusive: false
      regex: "#_irc_bridge_.*"
  rooms: []
`;
}

const urlOf = (): string => String(appservice.registration()['url']);
beforeAll(async () => {
  await appservice.listen();
  writeFileSync(join(directory, 'irc.yaml'), fileOf(urlOf()));
  writeFileSync(join(directory, 'README.txt'), 'not a registration');
  server = await startEyrie({
    registrationSharedSecret: SHARED_SECRET,
    appservices: directory,
  });
});
afterAll(async () => {
  await server.remove();
  await appservice.close();
});

const asBridge = (method: string, path: string, body?: object) =>
  fetch(`${server.clientUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${appservice.asToken}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

test('a registration file is in force from the start, and its application service is sent events', async () => {
  const whoami = await asBridge('GET', '/_matrix/client/v3/account/whoami');
  expect(await whoami.json()).toMatchObject({ user_id: `@_irc_bot:${server.serverName}` });
  const alice = await new MatrixClient(server.clientUrl).register('alice');
  const roomId = await alice.createRoom({ preset: 'public_chat' });
  expect((await asBridge('POST', `/_matrix/client/v3/join/${encodeURIComponent(roomId)}`, {})).status).toBe(200);
  const eventId = await alice.send(roomId, 'hello');
  await until('the message to come', () => appservice.eventIds().includes(eventId), 30_000);
});

test('a file that says the same changes nothing; one that says something else is taken by its id', async () => {
  const admin = await registerBySharedSecret(
    { clientUrl: server.clientUrl, sharedSecret: SHARED_SECRET },
    `admin-${crypto.randomUUID().slice(0, 8)}`,
    { admin: true },
  );
  const listed = async () =>
    (await admin.request<{ appservices: { id: string; url: string }[] }>('GET', PATH)).appservices;
  await server.restart();
  expect(await listed()).toMatchObject([{ id: 'IRC Bridge', url: urlOf() }]);
  const path = `${PATH}/${encodeURIComponent('IRC Bridge')}`;
  expect(await admin.request('GET', path)).toMatchObject({ queue: { failures: 0 } });
  writeFileSync(join(directory, 'irc.yaml'), fileOf('http://127.0.0.1:9'));
  await server.restart();
  expect(await listed()).toMatchObject([{ id: 'IRC Bridge', url: 'http://127.0.0.1:9' }]);
  expect((await asBridge('GET', '/_matrix/client/v3/account/whoami')).status).toBe(200);
});

test('the import is not open to clients', async () => {
  for (const headers of [{}, { 'eyrie-launcher-secret': 'guessed', 'eyrie-front-secret': 'guessed' }]) {
    for (const name of ['appservices', 'refused-registrations']) {
      const answer = await fetch(`${server.clientUrl}/_eyrie/launcher/v1/${name}`, {
        method: 'PUT',
        headers,
        body: JSON.stringify(appservice.registration()),
      });
      expect(answer.status).toBe(404);
    }
  }
});

const good = (id: string) => `id: ${id}
url: null
as_token: as_token_${id}_0123456789
hs_token: hs_token_${id}_0123456789
sender_localpart: bot
namespaces: {}
`;

test.each([
  ['that is not YAML', { 'a.yaml': 'id: [' }, ['a.yaml'], []],
  ['that is empty', { 'a.yaml': '' }, ['a.yaml'], []],
  ['without a token', { 'a.yml': good('a').replace(/as_token.*\n/, '') }, ['as_token'], []],
  ['with an id that another has', { 'a.yaml': good('a'), 'b.yaml': good('a') }, ['same id'], ['a']],
  ['beside a good one', { 'a.yaml': ':', 'b.yaml': good('b'), 'c.yml': '[]' }, ['a.yaml', 'c.yml'], ['b']],
])('a file %s is named, and the others are read', (_what, files, words, ids) => {
  const bad = temporaryDirectory('bad');
  for (const [name, text] of Object.entries(files)) writeFileSync(join(bad, name), text);
  const { files: read, refused } = readRegistrationFiles(bad);
  const sentences = refused.map(({ path, reason }) => `${path} ${reason}`);
  expect(sentences).toEqual(words.map((word) => expect.stringContaining(word) as unknown));
  expect(read.map(({ registration }) => registration['id'])).toEqual(ids);
});

test('files that are refused are named at the start, one line each, and the others are in force', async () => {
  const mixed = temporaryDirectory('mixed');
  mkdirSync(mixed, { recursive: true });
  const files = {
    'a-regex.yaml': good('a').replace('namespaces: {}', 'namespaces: {users: [{exclusive: true, regex: "("}]}'),
    'b-yaml.yaml': 'id: [',
    'c-good.yaml': good('c'),
    'd-http.yaml': good('d').replace('url: null', 'url: http://127.0.0.1:9'),
    'e-good.yml': good('e').replace('url: null', 'url: https://127.0.0.1:9'),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(mixed, name), text);
  const options = { appservices: mixed, allowPrivateAddresses: false, registrationSharedSecret: SHARED_SECRET };
  const started = await startEyrie(options);
  try {
    const lines = started.process.stderr.split('\n').filter((line) => line.includes('registration file'));
    expect(lines).toHaveLength(3);
    for (const name of ['a-regex.yaml', 'b-yaml.yaml', 'd-http.yaml']) {
      expect(lines.find((line) => line.includes(name))).toMatch(/^Eyrie: a registration file was refused: .*\.$/);
    }
    expect(lines.find((line) => line.includes('d-http.yaml'))).toContain('--allow-private-addresses');
    const whoIs = async (id: string) => {
      const headers = { authorization: `Bearer as_token_${id}_0123456789` };
      return (await fetch(`${started.clientUrl}/_matrix/client/v3/account/whoami`, { headers })).status;
    };
    expect(await Promise.all(['a', 'c', 'd', 'e'].map(whoIs))).toEqual([401, 200, 401, 200]);
    const { clientUrl } = started;
    const admin = await registerBySharedSecret({ clientUrl, sharedSecret: SHARED_SECRET }, 'admin', { admin: true });
    const refused = async () => (await admin.request<{ refused_files: object[] }>('GET', PATH)).refused_files;
    expect(await refused()).toEqual([
      { file: 'a-regex.yaml', reason: expect.stringMatching(/^is no registration that can be used: .*regex.*\.$/) },
      { file: 'b-yaml.yaml', reason: expect.stringMatching(/^cannot be read as YAML: .*\.$/) },
      { file: 'd-http.yaml', reason: expect.stringContaining('--allow-private-addresses') },
    ]);
    for (const name of ['a-regex.yaml', 'b-yaml.yaml']) rmSync(join(mixed, name));
    await started.restart();
    expect(await refused()).toMatchObject([{ file: 'd-http.yaml' }]);
  } finally {
    await started.remove();
  }
});

test('what was registered while private addresses were allowed is not asked over plain http without', async () => {
  const other = new ReceivingAppservice('later');
  await other.listen();
  const data = temporaryData();
  const options = { data, registrationSharedSecret: SHARED_SECRET };
  const allowed = await startEyrie(options);
  const adminOf = (clientUrl: string) =>
    registerBySharedSecret({ clientUrl, sharedSecret: SHARED_SECRET }, `admin-${crypto.randomUUID().slice(0, 8)}`, {
      admin: true,
    });
  const [path, ports] = [`${PATH}/later`, { clientPort: Number(new URL(allowed.clientUrl).port) }];
  await (await adminOf(allowed.clientUrl)).request('PUT', path, other.registration());
  await allowed.stop();
  const refusing = await startEyrie({
    ...options,
    ...ports,
    serverName: allowed.serverName,
    allowPrivateAddresses: false,
  });
  try {
    const admin = await adminOf(refusing.clientUrl);
    expect(await admin.request('POST', `${path}/ping`)).toMatchObject({
      ok: false,
      error: expect.stringContaining('--allow-private-addresses'),
    });
    expect(other.tries).toEqual([]);
  } finally {
    await refusing.remove();
    await other.close();
  }
});

test('a directory that is not there keeps the server from starting, in one sentence', async () => {
  const data = temporaryData();
  const [client, federation] = await freePorts(2);
  const ports = ['--client-port', `${client}`, '--federation-port', `${federation}`];
  const failing = new EyrieProcess(['--data', data, ...ports, '--appservices', join(data, 'nowhere')]);
  expect(await failing.ended).toMatchObject({ code: 1 });
  expect(failing.stderr.trim().split('\n').at(-1)).toMatch(/^Eyrie: The directory of --appservices .*\.$/);
  rmSync(data, { recursive: true, force: true });
});
