import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { EyrieProcess, type LaunchOptions, type ProcessEnd } from './eyrie-process.ts';
import { freePorts } from './free-ports.ts';
import { familyOf, isRunning } from './processes.ts';
import { temporaryDirectory } from './temporary.ts';
import { until } from './until.ts';

/** Flags of the server; what is left out is suited to tests, not the product's default. */
export interface EyrieOptions extends LaunchOptions {
  /** default: `localhost:<federation port>` */
  serverName?: string;
  /** default: a temporary directory that `remove()` and the end of the run remove */
  data?: string;
  /** default: free ones */
  clientPort?: number;
  federationPort?: number;
  /** paths of PEM files; default: self-made */
  tlsCert?: string;
  tlsKey?: string;
  /** default: `open`; `by-setting`: the flag is not given */
  registration?: 'closed' | 'open' | 'token' | 'by-setting';
  registrationSharedSecret?: string;
  /** default: true */
  allowPrivateAddresses?: boolean;
  /** default: `off` */
  rateLimits?: 'on' | 'off';
  trustedProxy?: boolean;
  /** default: 10, the least */
  passwordCost?: number;
  /** a directory with registration files */
  appservices?: string;
}

export type Part = 'npm' | 'launcher' | 'workerd';

/** A server under test. It runs from the built `dist` (see build.ts) and ends with the process that started it. */
export class EyrieServer {
  readonly serverName: string;
  /** `http://127.0.0.1:<port>` */
  readonly clientUrl: string;
  /** `https://localhost:<port>` */
  readonly federationUrl: string;
  readonly data: string;
  /** the process at the moment: npm or the launcher; another one after `restart()` */
  process: EyrieProcess;
  readonly #args: string[];
  readonly #launch: LaunchOptions;

  constructor(options: EyrieOptions & { clientPort: number; federationPort: number; data: string }) {
    this.serverName = options.serverName ?? `localhost:${options.federationPort}`;
    this.clientUrl = `http://127.0.0.1:${options.clientPort}`;
    this.federationUrl = `https://localhost:${options.federationPort}`;
    this.data = options.data;
    this.#args = commandLine(options);
    this.#launch = options;
    this.process = new EyrieProcess(this.#args, this.#launch);
  }

  /** The one-time registration token that this start printed; undefined unless it was the first. */
  get bootstrapToken(): string | undefined {
    return /one-time registration token: (\S+)/.exec(this.process.stdout)?.[1];
  }

  /** The process ID of one part. @throws if it does not run. */
  pid(part: Part): number {
    if (part === 'workerd') return Number(readFileSync(join(this.data, 'workerd.pid'), 'utf8'));
    if (this.#launch.throughNpm !== true || part === 'npm') return this.process.pid;
    const launcher = familyOf(this.process.pid).find(({ command }) => command.includes('embedded/start.ts'));
    if (launcher === undefined) throw new Error('the launcher does not run');
    return launcher.pid;
  }

  /** Every process of this server that runs now. */
  pids(): number[] {
    return familyOf(this.process.pid).map(({ pid }) => pid);
  }

  /** Asks it to end. @returns how it ended. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<ProcessEnd> {
    this.process.child.kill(signal);
    return this.process.ended;
  }

  /** Kills without a word; resolves when what was named is gone, and, unless it is workerd alone, everything else. */
  async kill9(which: Part | 'all', withinMs = 5000): Promise<void> {
    const all = this.pids();
    const named = which === 'all' ? all : [this.pid(which)];
    for (const pid of named) process.kill(pid, 'SIGKILL');
    const gone = which === 'workerd' ? named : all;
    await until('the killed server to be gone', () => !gone.some(isRunning), withinMs);
  }

  /** Starts it again after it ended, with the same flags and data, without waiting until it is ready. */
  launch(): EyrieProcess {
    this.process = new EyrieProcess(this.#args, this.#launch);
    return this.process;
  }

  /** Stops it if it runs and starts it with the same flags and data. */
  async restart(): Promise<void> {
    await this.stop();
    await this.launch().ready();
  }

  /** Stops it and removes its data. */
  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.data, { recursive: true, force: true });
  }
}

/** Starts a server and waits until it is ready. */
export async function startEyrie(options: EyrieOptions = {}): Promise<EyrieServer> {
  const [clientPort = 0, federationPort = 0] = await freePorts(2);
  const server = new EyrieServer({ clientPort, federationPort, ...options, data: options.data ?? temporaryData() });
  await server.process.ready();
  return server;
}

/** A new empty data directory, removed at the end of the run. */
export function temporaryData(): string {
  return temporaryDirectory('data');
}

function commandLine(options: EyrieOptions & { data: string }): string[] {
  const valued = {
    'server-name': options.serverName,
    data: options.data,
    'client-port': options.clientPort,
    'federation-port': options.federationPort,
    'tls-cert': options.tlsCert,
    'tls-key': options.tlsKey,
    registration: options.registration === 'by-setting' ? undefined : (options.registration ?? 'open'),
    'registration-shared-secret': options.registrationSharedSecret,
    'rate-limits': options.rateLimits ?? 'off',
    'password-cost': options.passwordCost ?? 10,
    appservices: options.appservices,
  };
  const args = Object.entries(valued).flatMap(([flag, value]) =>
    value === undefined ? [] : [`--${flag}`, `${value}`],
  );
  if (options.allowPrivateAddresses ?? true) args.push('--allow-private-addresses');
  if (options.trustedProxy === true) args.push('--trusted-proxy');
  return args;
}
