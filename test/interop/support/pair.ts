import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll } from 'vitest';

import { TestAuthority } from '../../support/node/test-authority.ts';
import { startEyrieHomeserver } from '../../support/node/eyrie-homeserver.ts';
import { freePorts } from '../../support/node/free-ports.ts';
import { FollowingClient } from './following-client.ts';
import { FederationCaller } from '../../support/fuzz/federation-caller.ts';
import type { Homeserver } from '../../support/node/homeserver.ts';
import { OlderFront } from './older-front.ts';
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

export interface PairOptions {
  readonly software?: Readonly<Record<Side, Software>>;
  /** Host names of the servers, where it matters that they differ; both are this machine's. */
  readonly hosts?: Readonly<Record<Side, 'localhost' | '127.0.0.1'>>;
  /** Paths that a server of a software is made to answer as unknown, as an older one would. */
  readonly unknownPaths?: Readonly<Record<Software, RegExp>>;
}

/** Two servers that federate, and their users. */
export class Pair {
  readonly software: Readonly<Record<Side, Software>>;
  readonly #options: PairOptions;
  readonly #servers: Partial<Record<Side, Homeserver>> = {};
  readonly #fronts: Partial<Record<Side, OlderFront>> = {};
  readonly #callers = new Map<Side, FederationCaller>();
  #authority: TestAuthority | undefined;
  readonly directory = mkdtempSync(join(tmpdir(), 'eyrie-interop-'));
  #users = 0;

  constructor(options: PairOptions) {
    this.software = options.software ?? chosen();
    this.#options = options;
  }

  async start(): Promise<void> {
    const authority = await TestAuthority.make();
    this.#authority = authority;
    const started = (['first', 'second'] as const).map(async (side) => {
      const start = this.software[side] === 'eyrie' ? startEyrieHomeserver : startSynapse;
      const names = await this.#names(side, authority);
      this.#servers[side] = await start({ directory: join(this.directory, side), authority, ...names });
    });
    const failed = (await Promise.allSettled(started)).find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #names(side: Side, authority: TestAuthority): Promise<{ serverName?: string; federationPort?: number }> {
    const host = this.#options.hosts?.[side] ?? 'localhost';
    const unknown = this.#options.unknownPaths?.[this.software[side]];
    if (unknown === undefined) {
      if (this.#options.hosts === undefined) return {};
      const [port = 0] = await freePorts(1);
      return { serverName: `${host}:${port}`, federationPort: port };
    }
    const front = await OlderFront.open(authority, unknown);
    this.#fronts[side] = front;
    return { serverName: `${host}:${front.port}`, federationPort: front.targetPort };
  }

  /** What stands before a server that is made to know less. */
  front(side: Side): OlderFront {
    const front = this.#fronts[side];
    if (front === undefined) throw new Error(`nothing stands before the ${side} server`);
    return front;
  }

  /** Whom both servers trust. */
  get authority(): TestAuthority {
    if (this.#authority === undefined) throw new Error('the servers have not started');
    return this.#authority;
  }

  /** Asks the federation port of a server, not signed unless it says by whom. */
  caller(side: Side): FederationCaller {
    const made = this.#callers.get(side) ?? new FederationCaller(this.server(side), this.authority.caPem);
    this.#callers.set(side, made);
    return made;
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
    for (const caller of this.#callers.values()) caller.close();
    await Promise.all(Object.values(this.#servers).map((server) => server.stop()));
    await Promise.all(Object.values(this.#fronts).map((front) => front.close()));
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
export function usePair(options: PairOptions = {}): Pair {
  const pair = new Pair(options);
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
