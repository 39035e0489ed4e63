import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { EyrieProcess } from '../support/node/eyrie-process.ts';
import { temporaryData } from '../support/node/eyrie-server.ts';
import { freePorts } from '../support/node/free-ports.ts';
import { MatrixClient } from '../support/node/matrix-client.ts';
import { TestAuthority } from '../support/node/test-authority.ts';

const SHARED_SECRET_ROUTE = '/_synapse/admin/v1/register';
/** More than may register at once from one address. */
const MANY = 25;

/** Counts who connects to a port of this machine, and says nothing. */
const connections: string[] = [];
const listener = createServer((socket) => {
  connections.push(socket.remoteAddress ?? '');
  socket.destroy();
});
beforeAll(async () => {
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
});
afterAll(() => listener.close());

describe('a server that is given its ports and its directory alone', () => {
  const data = temporaryData();
  let server: EyrieProcess;
  let url: string;
  let ready: string;
  let admin: MatrixClient;
  beforeAll(async () => {
    const [client, federation] = await freePorts(2);
    server = new EyrieProcess(['--data', data, '--client-port', `${client}`, '--federation-port', `${federation}`]);
    await server.ready();
    url = `http://127.0.0.1:${client}`;
    ready = `Eyrie is ready: localhost:${federation}, clients at ${url},`;
    const token = /one-time registration token: (\S+)/.exec(server.stdout)?.[1];
    admin = await new MatrixClient(url).register('admin', 'correct horse', token);
  });
  afterAll(() => stop(server));

  test('is named after its federation port', () => {
    expect(server.stdout).toContain(ready);
  });

  test('lets nobody register, not by script either', async () => {
    expect(await tryToRegister(url)).toBe(403);
    expect((await fetch(url + SHARED_SECRET_ROUTE)).status).toBe(403);
  });

  test('hashes passwords with a cost of 15', () => {
    expect(passwordHashes(data)).toEqual([expect.stringMatching(/^scrypt\$15\$/)]);
  });

  test('sends no request to an address of its own network', async () => {
    expect(await askAbout(admin)).toBeGreaterThanOrEqual(400);
    expect(connections).toEqual([]);
  });

  test('limits the rate, and believes no address that a client names', async () => {
    const statuses = [];
    for (let n = 0; n < MANY; n += 1) statuses.push(await tryToRegister(url, `198.51.100.${n}`));
    expect(statuses).toContain(429);
  });
});

describe('a server that is told everything by variables', () => {
  const [data, unused] = [temporaryData(), temporaryData()];
  let server: EyrieProcess;
  let url: string;
  let otherUrl: string;
  let ready: string;
  beforeAll(async () => {
    const authority = await TestAuthority.make();
    const { cert, key } = await authority.certificate(['hs1.test', 'localhost']);
    const [client, federation, otherPort] = await freePorts(3);
    const env = {
      EYRIE_SERVER_NAME: 'hs1.test',
      EYRIE_DATA: unused,
      EYRIE_BIND: '127.0.0.2',
      EYRIE_CLIENT_PORT: `${otherPort}`,
      EYRIE_FEDERATION_PORT: `${federation}`,
      EYRIE_TLS_CERT: cert,
      EYRIE_TLS_KEY: key,
      EYRIE_REGISTRATION: 'open',
      EYRIE_REGISTRATION_SHARED_SECRET: 'a secret',
      EYRIE_ALLOW_PRIVATE_ADDRESSES: 'on',
      EYRIE_TRUSTED_PROXY: 'on',
      EYRIE_PASSWORD_COST: '11',
    };
    server = new EyrieProcess(['--data', data, '--client-port', `${client}`], { env });
    await server.ready();
    url = `http://127.0.0.2:${client}`;
    otherUrl = `http://127.0.0.1:${client}`;
    const federationUrl = `https://127.0.0.2:${federation}`;
    ready = `Eyrie is ready: hs1.test, clients at ${url}, federation at ${federationUrl}\n`;
  });
  afterAll(() => stop(server));

  test('has the name and the certificate that it was given', () => {
    expect(server.stdout).toContain(ready);
    expect(server.stdout).not.toContain('The TLS certificate was made here');
  });

  test('goes by its flags where it has both', () => {
    expect(readdirSync(unused)).toEqual([]);
    expect(readdirSync(data)).toContain('server-name');
  });

  test('listens at the one address', async () => {
    expect((await fetch(`${url}/_matrix/client/versions`)).status).toBe(200);
    await expect(fetch(`${otherUrl}/_matrix/client/versions`)).rejects.toThrow();
  });

  test('lets everybody register, also by script, with the cost that was said', async () => {
    const user = await new MatrixClient(url).register('alice');
    expect(user.userId).toBe('@alice:hs1.test');
    expect(passwordHashes(data)).toEqual([expect.stringMatching(/^scrypt\$11\$/)]);
    expect((await fetch(url + SHARED_SECRET_ROUTE)).status).toBe(200);
  });

  test('sends requests to addresses of its own network', async () => {
    await askAbout(await new MatrixClient(url).register('bob'));
    expect(connections.length).toBeGreaterThan(0);
  });

  test('limits the rate of the addresses that its proxy names, one by one', async () => {
    for (let n = 0; n < MANY; n += 1) expect(await tryToRegister(url, `198.51.100.${n}`)).not.toBe(429);
    const statuses = [];
    for (let n = 0; n < MANY; n += 1) statuses.push(await tryToRegister(url, '203.0.113.1'));
    expect(statuses).toContain(429);
  });
});

test('with the limits off any number may try', async () => {
  const [client, federation] = await freePorts(2);
  const ports = ['--client-port', `${client}`, '--federation-port', `${federation}`];
  const env = { EYRIE_RATE_LIMITS: 'off' };
  const server = new EyrieProcess(['--data', temporaryData(), ...ports], { env });
  await server.ready();
  for (let n = 0; n < MANY; n += 1) expect(await tryToRegister(`http://127.0.0.1:${client}`)).not.toBe(429);
  await stop(server);
});

async function stop(server: EyrieProcess): Promise<void> {
  server.child.kill();
  await server.ended;
}

/** Begins a registration, which makes no account. @returns the status of the answer. */
async function tryToRegister(url: string, forwardedFor?: string): Promise<number> {
  const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
  const answer = await fetch(`${url}/_matrix/client/v3/register`, { method: 'POST', headers, body: '{}' });
  await answer.text();
  return answer.status;
}

/** Asks for the profile of a user of a server on this machine. @returns the status of the answer. */
async function askAbout(client: MatrixClient): Promise<number> {
  const { port } = listener.address() as AddressInfo;
  const path = `/_matrix/client/v3/profile/${encodeURIComponent(`@nobody:localhost:${port}`)}`;
  return (await client.tryRequest('GET', path)).status;
}

function passwordHashes(data: string): string[] {
  const folder = join(data, 'd1', 'miniflare-D1DatabaseObject');
  return readdirSync(folder)
    .filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name))
    .flatMap((name) => {
      const database = new DatabaseSync(join(folder, name), { readOnly: true });
      const known = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'accounts'").get() !== undefined;
      const rows = known ? database.prepare('SELECT password_hash FROM accounts').all() : [];
      database.close();
      return rows.map((row) => String(row['password_hash']));
    });
}
