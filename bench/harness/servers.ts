import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startEyrieHomeserver } from '../../test/support/node/eyrie-homeserver.ts';
import { freePorts } from '../../test/support/node/free-ports.ts';
import type { Homeserver } from '../../test/support/node/homeserver.ts';
import { MatrixClient } from '../../test/support/node/matrix-client.ts';
import { preparePython } from '../../test/support/node/python-environment.ts';
import { startSynapse } from '../../test/support/node/synapse.ts';
import { TestAuthority } from '../../test/support/node/test-authority.ts';
import { pin } from './machine.ts';

/** `baseline`: an Eyrie of another checkout. */
export type Kind = 'eyrie' | 'baseline' | 'synapse';

/** What is compared where a server of each kind is. */
export const kindsOf = ({ baseline }: { readonly baseline: string | undefined }): readonly Kind[] =>
  baseline === undefined ? ['eyrie', 'synapse'] : ['eyrie', 'baseline', 'synapse'];

const SERVER_PROCESSOR = 0;
const GENERATOR_PROCESSOR = 1;

/** The servers of a run on loopback, all with certificates of one authority. They end with this process. */
export class Servers {
  readonly #directory = mkdtempSync(join(tmpdir(), 'eyrie-bench-'));
  readonly #all: Homeserver[] = [];
  readonly #authority: TestAuthority;
  readonly #baseline: string | undefined;
  /** where the inspectors of profiled Eyries listen, by server */
  readonly #inspectors = new Map<Homeserver, number>();
  readonly #directories = new Map<Homeserver, string>();
  #users = 0;

  private constructor(authority: TestAuthority, baseline: string | undefined) {
    this.#authority = authority;
    this.#baseline = baseline;
  }

  /** @param authority of others that they are to trust; a new one if left out. */
  static async open(baseline: string | undefined, authority?: TestAuthority): Promise<Servers> {
    return new Servers(authority ?? (await TestAuthority.make()), baseline);
  }

  /** Whose certificates the servers trust. */
  get authority(): TestAuthority {
    return this.#authority;
  }

  /** Starts a server with its rate limits off. @param profiled whether its workerd listens to an inspector. */
  async start(kind: Kind, profiled = false): Promise<Homeserver> {
    const directory = join(this.#directory, `${this.#all.length}-${kind}`);
    const options = { directory, authority: this.#authority };
    const inspector = profiled ? await this.#inspector() : undefined;
    const server = await this.#start(kind, options, inspector?.env);
    this.#all.push(server);
    this.#directories.set(server, directory);
    if (inspector !== undefined) this.#inspectors.set(server, inspector.port);
    return server;
  }

  /** Where a server's inspector listens; undefined where it has none. */
  inspectorOf(server: Homeserver): number | undefined {
    return this.#inspectors.get(server);
  }

  /** What the server's data take on the disk, in bytes. */
  bytesOnDisk(server: Homeserver): number {
    const directory = this.#directories.get(server);
    if (directory === undefined) throw new Error('that server was not started here');
    const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    // A log may go after it was listed.
    const stats = files.map(({ parentPath, name }) => statSync(join(parentPath, name), { throwIfNoEntry: false }));
    // Blocks, not lengths: a file of one byte takes a block.
    return stats.reduce((sum, stat) => sum + (stat?.blocks ?? 0) * 512, 0);
  }

  /** Gives the servers one processor and the generator another. @returns whether that was possible. */
  pin(): boolean {
    const pids = this.#all.flatMap((server) => server.pids());
    return pin(pids, SERVER_PROCESSOR) && pin([process.pid], GENERATOR_PROCESSOR);
  }

  /** A new account. */
  user(server: Homeserver, name: string): Promise<MatrixClient> {
    this.#users += 1;
    return new MatrixClient(server.clientUrl).register(`${name}-${this.#users}`);
  }

  /** Ends them and removes their data. */
  async close(): Promise<void> {
    await Promise.all(this.#all.map((server) => server.stop()));
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }

  #start(
    kind: Kind,
    options: { directory: string; authority: TestAuthority },
    env: Record<string, string> = {},
  ): Promise<Homeserver> {
    if (kind === 'eyrie') return startEyrieHomeserver({ ...options, env });
    if (kind === 'synapse') {
      process.env['EYRIE_INTEROP_PYTHON'] ??= preparePython();
      return startSynapse({ ...options, presence: false, logLevel: 'WARNING' });
    }
    if (this.#baseline === undefined) throw new Error('there is no baseline without --baseline');
    return startEyrieHomeserver({ ...options, env, checkout: this.#baseline });
  }

  /** A workerd that lets itself be inspected: the launcher takes the program of `EYRIE_WORKERD` for it. */
  async #inspector(): Promise<{ port: number; env: Record<string, string> }> {
    const [port = 0] = await freePorts(1);
    const fromMiniflare = createRequire(createRequire(import.meta.url).resolve('miniflare'));
    const { default: workerd } = fromMiniflare('workerd') as { default: string };
    const script = join(this.#directory, `workerd-${port}`);
    const lines = [
      '#!/bin/sh',
      'command=$1',
      'shift',
      `exec '${workerd}' "$command" --inspector-addr=127.0.0.1:${port} "$@"`,
    ];
    writeFileSync(script, `${lines.join('\n')}\n`, { mode: 0o755 });
    return { port, env: { EYRIE_WORKERD: script } };
  }
}
