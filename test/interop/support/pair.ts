import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll } from 'vitest';

import { TestAuthority } from '../../support/node/test-authority.ts';
import { startEyrieHomeserver } from '../../support/node/eyrie-homeserver.ts';
import { FollowingClient } from './following-client.ts';
import type { Homeserver } from '../../support/node/homeserver.ts';
import { startSynapse } from '../../support/node/synapse.ts';

export type Side = 'first' | 'second';

type Software = 'eyrie' | 'synapse';

const LOG_TAIL_LINES = 15;

/** The servers that meet: those that `EYRIE_INTEROP_PAIR` names, `<first>-<second>`. */
const asked = (process.env['EYRIE_INTEROP_PAIR'] ?? 'eyrie-synapse').split('-');
const isSoftware = (name: string | undefined): name is Software => name === 'eyrie' || name === 'synapse';

function chosen(): Record<Side, Software> {
  const [first, second] = asked;
  if (asked.length !== 2 || !isSoftware(first) || !isSoftware(second)) {
    throw new Error(`EYRIE_INTEROP_PAIR is two of eyrie and synapse, like eyrie-synapse; not ${asked.join('-')}`);
  }
  return { first, second };
}

/** Who hosts and who joins, for `describe.each`: both ways, unless the servers are alike. */
export function directions(): { title: string; host: Side; joiner: Side }[] {
  const software = chosen();
  const direction = (host: Side, joiner: Side) => ({
    title: `${software[host]} hosts, ${software[joiner]} joins`,
    host,
    joiner,
  });
  const both = [direction('first', 'second'), direction('second', 'first')];
  return software.first === software.second ? both.slice(0, 1) : both;
}

/** Two servers that federate, and their users. */
export class Pair {
  readonly software: Readonly<Record<Side, Software>>;
  readonly #servers: Partial<Record<Side, Homeserver>> = {};
  readonly directory = mkdtempSync(join(tmpdir(), 'eyrie-interop-'));
  #users = 0;

  constructor(software: Record<Side, Software>) {
    this.software = software;
  }

  async start(): Promise<void> {
    const authority = await TestAuthority.make();
    const started = (['first', 'second'] as const).map(async (side) => {
      const start = this.software[side] === 'eyrie' ? startEyrieHomeserver : startSynapse;
      this.#servers[side] = await start({ directory: join(this.directory, side), authority });
    });
    const failed = (await Promise.allSettled(started)).find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  server(side: Side): Homeserver {
    const server = this.#servers[side];
    if (server === undefined) throw new Error(`the ${side} server has not started`);
    return server;
  }

  /** Makes a new account. @param name the start of its local part, which is unique. */
  user(side: Side, name: string): Promise<FollowingClient> {
    this.#users += 1;
    return new FollowingClient(this.server(side).clientUrl).register(`${name}-${this.#users}`);
  }

  async stop(): Promise<void> {
    await Promise.all(Object.values(this.#servers).map((server) => server.stop()));
  }

  /** Writes the servers' logs into files. @returns their paths, each with the end of its log. */
  report(): string {
    const parts = Object.entries(this.#servers).map(([side, server]) => {
      const file = join(this.directory, `${side}-${server.software.toLowerCase()}.log`);
      const log = server.log();
      writeFileSync(file, log);
      return `--- ${file}\n${log.trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n')}`;
    });
    return parts.join('\n');
  }
}

/**
 * Two servers for the tests of one file, started before the first and stopped after the last. When a test fails,
 * their logs are kept and shown.
 */
export function usePair(software = chosen()): Pair {
  const pair = new Pair(software);
  let failed = false;
  beforeAll(() => pair.start());
  afterEach(({ task }) => {
    if (task.result?.state !== 'fail') return;
    failed = true;
    console.log(pair.report());
  });
  afterAll(async () => {
    await pair.stop();
    if (!failed) rmSync(pair.directory, { recursive: true, force: true });
  });
  return pair;
}
