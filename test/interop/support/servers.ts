import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach } from 'vitest';

import type { Homeserver } from '../../support/node/homeserver.ts';
import { TestAuthority } from '../../support/node/test-authority.ts';
import { FollowingClient } from './following-client.ts';

const LOG_TAIL = 4_000;

/** Servers that a test file starts in an order of its own, and their users. */
class Servers {
  readonly #directory = mkdtempSync(join(tmpdir(), 'eyrie-servers-'));
  readonly #started: Homeserver[] = [];
  #authority: Promise<TestAuthority> | undefined;
  #users = 0;

  /** Where a server of this name keeps what it has, and the authority that all of them trust. */
  async place(name: string): Promise<{ readonly directory: string; readonly authority: TestAuthority }> {
    this.#authority ??= TestAuthority.make();
    return { directory: join(this.#directory, name), authority: await this.#authority };
  }

  /** Waits until all of these have started; they are counted on from those before. */
  async add(...starting: readonly Promise<Homeserver>[]): Promise<void> {
    this.#started.push(...(await Promise.all(starting)));
  }

  at(index: number): Homeserver {
    const found = this.#started[index];
    if (found === undefined) throw new Error('the servers have not started');
    return found;
  }

  /** Makes a new account. @param name the start of its local part, which is unique. */
  user(index: number, name: string): Promise<FollowingClient> {
    this.#users += 1;
    return new FollowingClient(this.at(index).clientUrl).register(`${name}-${this.#users}`);
  }

  /** For good: what they kept is removed. */
  async stop(): Promise<void> {
    await Promise.all(this.#started.map((server) => server.stop()));
    rmSync(this.#directory, { recursive: true, force: true });
  }

  report(): string {
    return this.#started.map((server) => `--- ${server.serverName}\n${server.log().slice(-LOG_TAIL)}`).join('\n');
  }
}

/** They are stopped after the last test of the file. When one fails, the ends of their logs are shown. */
export function useServers(): Servers {
  const servers = new Servers();
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') console.log(servers.report());
  });
  afterAll(() => servers.stop());
  return servers;
}
