import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { freePorts } from './free-ports.ts';
import { registerBySharedSecret } from './shared-secret-user.ts';
import type { MatrixClient } from './matrix-client.ts';
import { familyOf } from './processes.ts';
import type { TestAuthority } from './test-authority.ts';
import { until } from './until.ts';
import type { Homeserver } from './homeserver.ts';
import { nameOf, type SynapseOptions, writeSynapseConfig } from './synapse-config.ts';

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A real Synapse on loopback, with SQLite. It ends with the process that started it. */
export class Synapse implements Homeserver {
  readonly software = 'Synapse';
  readonly serverName: string;
  readonly clientUrl: string;
  /** `https://localhost:<port>` */
  readonly federationUrl: string;
  readonly #options: SynapseOptions;
  readonly #config: string;
  #process: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();

  constructor(options: SynapseOptions) {
    this.#options = options;
    this.serverName = nameOf(options);
    this.clientUrl = `http://127.0.0.1:${options.clientPort}`;
    this.federationUrl = `https://localhost:${options.federationPort}`;
    mkdirSync(options.directory, { recursive: true });
    this.#config = writeSynapseConfig(options);
  }

  /** @throws if it ends before it answers, or does not answer within 60 s, with what it printed. */
  async start(): Promise<void> {
    if (this.#process !== undefined) return;
    const output = openSync(join(this.#options.directory, 'output.log'), 'a');
    const child = spawn(pythonOfSynapse(), ['-m', 'synapse.app.homeserver', '-c', this.#config], {
      stdio: ['ignore', output, output],
      cwd: this.#options.directory,
      // What it asks outside of federation: identity servers.
      env: { ...process.env, SSL_CERT_FILE: this.#options.caFile },
    });
    closeSync(output);
    running.add(child);
    this.#process = child;
    let exit: string | undefined;
    this.#ended = new Promise((resolve) => {
      const end = (how: string) => {
        exit = how;
        running.delete(child);
        resolve(how);
      };
      child.once('error', (error) => end(error.message));
      child.once('exit', (code, signal) => end(`code ${code}, signal ${signal}`));
    });
    const answers = async (): Promise<boolean> =>
      exit !== undefined || (await fetch(`${this.clientUrl}/health`)).status === 200;
    await until('Synapse to answer', answers, 60_000);
    if (exit !== undefined) {
      this.#process = undefined;
      throw new Error(`Synapse ended (${exit}):\n${this.log().slice(-4000)}`);
    }
  }

  pids(): number[] {
    return this.#process?.pid === undefined ? [] : familyOf(this.#process.pid).map(({ pid }) => pid);
  }

  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  log(): string {
    const files = ['output.log', 'synapse.log'].map((name) => join(this.#options.directory, name));
    return files.map((file) => (existsSync(file) ? readFileSync(file, 'utf8') : '')).join('');
  }

  /** Makes an account by the shared secret (Synapse's admin API) and logs in. */
  registerUser(username: string, options: { password?: string; admin?: boolean } = {}): Promise<MatrixClient> {
    const { registrationSharedSecret: sharedSecret } = this.#options;
    return registerBySharedSecret({ clientUrl: this.clientUrl, sharedSecret }, username, options);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.#process?.kill(signal);
    await this.#ended;
    this.#process = undefined;
  }
}

/** Starts a new Synapse below `directory`, with a certificate of the authority, and waits until it answers. */
export async function startSynapse(
  options: { directory: string; authority: TestAuthority; federationPort?: number } & Pick<
    SynapseOptions,
    'presence' | 'logLevel' | 'serverName' | 'trustedKeyServers'
  >,
): Promise<Synapse> {
  const { authority, ...rest } = options;
  const [clientPort = 0, freePort = 0] = await freePorts(2);
  const { cert, key } = await authority.certificate();
  const synapse = new Synapse({
    federationPort: freePort,
    ...rest,
    clientPort,
    tlsCert: cert,
    tlsKey: key,
    caFile: authority.caFile,
    registrationSharedSecret: 'shared between the server and the tests',
  });
  await synapse.start();
  return synapse;
}

function pythonOfSynapse(): string {
  const python = process.env['EYRIE_INTEROP_PYTHON'];
  if (python === undefined) throw new Error('Synapse is not installed: run by npm run test:interop or npm run bench');
  return python;
}
