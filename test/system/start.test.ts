import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { DatabaseSync } from 'node:sqlite';
import type { TLSSocket } from 'node:tls';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { checkDataArrived } from '../../embedded/data-directory.ts';
import { EyrieProcess, type LaunchOptions } from '../support/node/eyrie-process.ts';
import { type EyrieServer, startEyrie, temporaryData } from '../support/node/eyrie-server.ts';
import { freePorts } from '../support/node/free-ports.ts';
import { TestAuthority } from '../support/node/test-authority.ts';

describe('the first start', () => {
  let server: EyrieServer;
  beforeAll(async () => {
    server = await startEyrie();
  });
  afterAll(() => server.remove());

  test('says in one line that it is ready, with name and both addresses', () => {
    const line = server.process.stdout.split('\n').find((printed) => printed.startsWith('Eyrie is ready'));
    expect(line).toContain(server.serverName);
    expect(line).toContain(server.clientUrl);
    expect(line).toContain(server.federationUrl.replace('localhost', '127.0.0.1'));
  });

  test('serves every route on both ports', async () => {
    const path = '/_matrix/client/versions';
    expect((await fetch(server.clientUrl + path)).status).toBe(200);
    const ca = readFileSync(join(server.data, 'tls', 'ca.pem'), 'utf8');
    expect((await overTls(server.federationUrl + path, ca)).status).toBe(200);
  });

  test('makes a certificate for the server name and says that other servers will not trust it', async () => {
    expect(server.process.stdout).toMatch(/TLS certificate .* other servers will not trust it/);
    const ca = readFileSync(join(server.data, 'tls', 'ca.pem'), 'utf8');
    const { altNames } = await overTls(`${server.federationUrl}/_matrix/client/versions`, ca);
    expect(altNames).toBe('DNS:localhost, IP Address:127.0.0.1');
    await expect(overTls(`${server.federationUrl}/_matrix/client/versions`, undefined)).rejects.toThrow();
  });

  test('keeps its secrets from other users', () => {
    for (const file of ['secret', 'bootstrap-token', 'tls/key.pem']) {
      expect(statSync(join(server.data, file)).mode & 0o777).toBe(0o600);
    }
    expect(Buffer.from(readFileSync(join(server.data, 'secret'), 'utf8'), 'base64')).toHaveLength(32);
  });

  test('prints the registration token of the first administrator, which later starts do not', async () => {
    const token = server.bootstrapToken;
    expect(token).toMatch(/^\S{20,64}$/);
    await server.restart();
    expect(server.bootstrapToken).toBeUndefined();
    expect(server.process.output).not.toContain(token);
  });
});

test('a certificate of the operator is used, for a server name of its own', async () => {
  const authority = await TestAuthority.make();
  const { cert, key } = await authority.certificate(['hs1.test', 'localhost']);
  const server = await startEyrie({ serverName: 'hs1.test', tlsCert: cert, tlsKey: key });
  try {
    expect(server.process.stdout).toMatch(/^Eyrie is ready: hs1\.test,/m);
    expect(server.process.stdout).not.toContain('will not trust');
    const answer = await overTls(`${server.federationUrl}/_matrix/client/versions`, authority.caPem);
    expect(answer.altNames).toBe('DNS:hs1.test, DNS:localhost');
  } finally {
    await server.remove();
  }
});

test('npm start builds if it has to, in silence', async () => {
  const server = await startEyrie({ throughNpm: true });
  try {
    const lines = server.process.output.trim().split('\n');
    expect(lines.filter((line) => !/^(The first administrator|The TLS certificate|Eyrie is ready)/.test(line))).toEqual(
      [],
    );
  } finally {
    await server.remove();
  }
});

test.each(['--help', '-h'])('%s lists the flags and starts nothing', async (flag) => {
  const asked = new EyrieProcess(['--data', '/nowhere/eyrie', flag]);
  expect(await asked.ended).toEqual({ code: 0, signal: null });
  expect(asked.stdout).toMatch(/^ {2}--server-name NAME +the name after the colon/m);
  expect(asked.stdout).toMatch(/^ {2}--trusted-proxy +believes/m);
  expect(asked.stderr).toBe('');
});

describe('a start that cannot be', () => {
  test.each([
    [['--colour', 'red'], /^Eyrie: Unknown flag --colour\. With --help all are listed\.$/],
    [['--allow-private-addresses=on'], /^Eyrie: --allow-private-addresses takes no value\.$/],
    [['--bind', '192.0.2.1'], /^Eyrie: 192\.0\.2\.1 is no address of this machine\.$/],
  ])('%j gives one sentence', async (args, sentence) => {
    expect(await refusal(['--data', temporaryData(), ...(await freePortFlags()), ...args])).toMatch(sentence);
  });

  test('a bad variable is named', async () => {
    const env = { EYRIE_PASSWORD_COST: '99' };
    expect(await refusal([], { env })).toMatch(/^Eyrie: EYRIE_PASSWORD_COST is 99;/);
  });

  test('a busy port is named', async () => {
    const busy = createServer().listen(0, '127.0.0.1');
    await once(busy, 'listening');
    const { port } = busy.address() as { port: number };
    const [other] = await freePorts(1);
    for (const [client, federation] of [
      [port, other],
      [other, port],
    ]) {
      const args = ['--client-port', `${client}`, '--federation-port', `${federation}`, '--data', temporaryData()];
      expect(await refusal(args)).toBe(`Eyrie: Port ${port} is in use on 127.0.0.1.`);
    }
    busy.close();
  });

  test('leaves no certificate for the name that it would have had', async () => {
    const busy = createServer().listen(0, '127.0.0.1');
    await once(busy, 'listening');
    const data = temporaryData();
    const [federation] = await freePorts(1);
    const { port } = busy.address() as { port: number };
    await refusal(['--client-port', `${port}`, '--federation-port', `${federation}`, '--data', data]);
    busy.close();
    const server = await startEyrie({ data, serverName: 'hs2.test' });
    const ca = readFileSync(join(data, 'tls', 'ca.pem'), 'utf8');
    const { altNames } = await overTls(`${server.federationUrl}/_matrix/client/versions`, ca);
    expect(altNames).toBe('DNS:hs2.test, DNS:localhost, IP Address:127.0.0.1');
    await server.restart();
    expect(readFileSync(join(data, 'tls', 'ca.pem'), 'utf8')).toBe(ca); // it fits now, and stays
    await server.remove();
  });

  test('a data directory that is a file, or cannot be written', async () => {
    const file = join(import.meta.dirname, 'start.test.ts');
    expect(await refusal(['--data', file])).toBe(`Eyrie: The data directory ${file} is a file.`);
    expect(await refusal(['--data', '/proc'])).toMatch(/^Eyrie: The data directory \/proc cannot be written: .*\.$/);
  });

  test.each([join(import.meta.dirname, 'start.test.ts', 'data'), '/proc/eyrie/data'])(
    'a data directory that cannot be made: %s',
    async (data) => {
      expect(await refusal(['--data', data])).toMatch(/^Eyrie: The data directory .* cannot be made/);
    },
  );

  test.each(['secret.new', 'tls/key.pem'])('a data directory that is full, at %s', async (file) => {
    const data = temporaryData();
    mkdirSync(join(data, 'tls'));
    symlinkSync('/dev/full', join(data, file));
    expect(await refusal(['--data', data, ...(await freePortFlags())])).toMatch(
      /^Eyrie: The data directory .* cannot be written: ENOSPC: no space left on device, write\.$/,
    );
  });

  test('a runtime that cannot be started', async () => {
    const data = temporaryData();
    writeFileSync(join(data, 'd1'), 'not a directory');
    expect(await refusal(['--data', data, ...(await freePortFlags())])).toMatch(
      /^Eyrie: The Workers runtime does not start: EEXIST: .*\.$/,
    );
  });

  test('authorities that cannot be read', async () => {
    const args = ['--data', temporaryData(), ...(await freePortFlags())];
    for (const more of [[], ['--allow-private-addresses']]) {
      const lines = await refusalLines([...args, ...more], { env: { NODE_EXTRA_CA_CERTS: '/nowhere/ca.pem' } });
      expect(lines.at(-1)).toMatch(/^Eyrie: NODE_EXTRA_CA_CERTS cannot be read: ENOENT: .*\.$/);
      expect(lines.slice(0, -1)).toEqual([expect.stringMatching(/^Warning: Ignoring extra certs/)]); // Node's own
    }
  });

  test('a limit of open files that would break it is named', async () => {
    const launcher = join(import.meta.dirname, '..', '..', 'embedded', 'start.ts');
    const script = `ulimit -n 1024; exec "${process.execPath}" "${launcher}" --data "${temporaryData()}"`;
    const end = await run('/bin/sh', ['-c', script]);
    expect(end.code).toBe(1);
    expect(end.stderr).toMatch(
      /^Eyrie: The limit of open files \(ulimit -Hn\) is 1024; Eyrie needs at least 4096.*\.\n$/,
    );
  });
});

describe('a data directory', () => {
  test('that the runtime does not fill stops the start', () => {
    const data = temporaryData();
    expect(() => checkDataArrived(data)).toThrow(`The runtime does not store its data in ${data}`);
  });

  test('has its databases brought up to date, recorded as wrangler does', async () => {
    const server = await startEyrie();
    await server.restart(); // a second start applies nothing twice
    await server.stop();
    const folder = join(server.data, 'd1', 'miniflare-D1DatabaseObject');
    const files = readdirSync(folder).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
    const recorded = files.map((file) => {
      const database = new DatabaseSync(join(folder, file), { readOnly: true });
      const rows = database.prepare('SELECT name, applied_at FROM d1_migrations ORDER BY id').all();
      database.close();
      expect(rows.every(({ applied_at: at }) => /^\d{4}-\d\d-\d\d /.test(String(at)))).toBe(true);
      return rows.map(({ name }) => String(name));
    });
    const migrationsIn = (store: string) =>
      readdirSync(join(import.meta.dirname, '..', '..', 'migrations', store))
        .filter((name) => name.endsWith('.sql'))
        .sort();
    expect(recorded).toHaveLength(2);
    expect(recorded).toContainEqual(migrationsIn('d1'));
    expect(recorded).toContainEqual(migrationsIn('search'));
    await server.remove();
  });

  test('serves one server at a time, and only the name that it was made for', async () => {
    const server = await startEyrie();
    try {
      const args = [...(await freePortFlags()), '--data', server.data];
      expect(await refusal([...args, '--server-name', server.serverName])).toMatch(
        /^Eyrie: Another server uses the data directory .*\.$/,
      );
      await server.stop();
      expect(await refusal([...args, '--server-name', 'other.test'])).toMatch(
        new RegExp(
          `^Eyrie: The data directory .* was made for the server name ${server.serverName} .* other\\.test\\.$`,
        ),
      );
    } finally {
      await server.remove();
    }
  });
});

/** Starts a server that has to refuse. @returns the one line that it printed. */
async function refusal(args: string[], options: LaunchOptions = {}): Promise<string> {
  const lines = await refusalLines(args, options);
  expect(lines).toHaveLength(1);
  return lines[0] ?? '';
}

async function refusalLines(args: string[], options: LaunchOptions = {}): Promise<string[]> {
  const refused = new EyrieProcess(args, options);
  const end = await refused.ended;
  expect(end).toEqual({ code: 1, signal: null });
  expect(refused.stdout).toBe('');
  return refused.stderr.trimEnd().split('\n');
}

async function freePortFlags(): Promise<string[]> {
  const [client, federation] = await freePorts(2);
  return ['--client-port', `${client}`, '--federation-port', `${federation}`];
}

async function run(command: string, args: string[]): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'exit') as Promise<[number | null]>]);
  return { code, stderr };
}

/** GET over TLS. @param ca PEM text of the only authority that is trusted. @throws if the certificate is not. */
async function overTls(url: string, ca: string | undefined): Promise<{ status: number | undefined; altNames: string }> {
  const request = httpsRequest(url, { agent: false, ...(ca === undefined ? {} : { ca }) });
  request.end();
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  const altNames = (answer.socket as TLSSocket).getPeerCertificate().subjectaltname ?? '';
  await text(answer);
  return { status: answer.statusCode, altNames };
}
