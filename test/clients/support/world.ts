import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll } from 'vitest';

import { startEyrieHomeserver } from '../../support/node/eyrie-homeserver.ts';
import type { Homeserver } from '../../support/node/homeserver.ts';
import { startSynapse } from '../../support/node/synapse.ts';
import { TestAuthority } from '../../support/node/test-authority.ts';
import { until } from '../../support/node/until.ts';
import { botSdk } from '../sdk/bot-sdk.ts';
import type { ChatClient, NewRoom, Sdk } from '../sdk/chat-client.ts';
import { jsSdk } from '../sdk/js-sdk.ts';
import { nio } from '../sdk/nio.ts';

export const PASSWORD = 'correct horse battery';
const LOG_TAIL_LINES = 15;
const PATIENCE_MS = 20_000;

const starters = { Eyrie: startEyrieHomeserver, Synapse: startSynapse } as const;

export const libraries: readonly Sdk[] = [jsSdk, botSdk, nio];

/** Each library meets another one, once as who hosts and once as who joins. */
const meetings: readonly (readonly [Sdk, Sdk])[] = [
  [jsSdk, botSdk],
  [botSdk, nio],
  [nio, jsSdk],
];

/** With which library somebody is at which server. */
export interface Place<Client extends ChatClient = ChatClient> {
  sdk: Sdk<Client>;
  server: number;
}

/** Which client of which server does the thing, and which one sees it. */
export interface Meeting<Host extends ChatClient = ChatClient, Joiner extends ChatClient = ChatClient> {
  title: string;
  host: Place<Host>;
  joiner: Place<Joiner>;
}

/** Two users in one room, both of whose clients know so. */
export interface SharedRoom<Host extends ChatClient = ChatClient, Joiner extends ChatClient = ChatClient> {
  /** who made the room */
  alice: Host;
  /** who was invited and joined */
  bob: Joiner;
  roomId: string;
}

/** Servers that federate, if they are two, and the clients of their users. */
export class World {
  readonly software: readonly (keyof typeof starters)[];
  readonly directory = mkdtempSync(join(tmpdir(), 'eyrie-clients-'));
  readonly #servers: Homeserver[] = [];
  readonly #clients: ChatClient[] = [];
  #users = 0;

  constructor(software: readonly (keyof typeof starters)[]) {
    this.software = software;
  }

  /** From which server to which other one things go, for `describe.each`: both ways where that makes a difference. */
  ways(): { title: string; from: number; to: number }[] {
    const last = this.software.length - 1;
    const ways = [{ from: 0, to: last }, ...(new Set(this.software).size === 2 ? [{ from: last, to: 0 }] : [])];
    return ways.map(({ from, to }) => ({ title: `${this.software[from]} to ${this.software[to]}`, from, to }));
  }

  /** Who meets whom, for `describe.each`: each library in each role, at each server that makes a difference. */
  meetings(): Meeting[] {
    return this.ways().flatMap(({ from, to }) =>
      meetings.map(([one, other]) => ({
        title: `${one.name} at ${this.software[from]}, ${other.name} at ${this.software[to]}`,
        host: { sdk: one, server: from },
        joiner: { sdk: other, server: to },
      })),
    );
  }

  async start(): Promise<void> {
    const authority = await TestAuthority.make();
    const started = this.software.map((name, index) =>
      starters[name]({ directory: join(this.directory, `${name}-${index}`), authority }),
    );
    for (const result of await Promise.allSettled(started)) {
      if (result.status === 'rejected') throw result.reason;
      this.#servers.push(result.value);
    }
  }

  server(index: number): Homeserver {
    const server = this.#servers[index];
    if (server === undefined) throw new Error(`server ${index} has not started`);
    return server;
  }

  /** Makes a new account and starts its client. @param name the start of its local part, which is unique. */
  async user<Client extends ChatClient>({ sdk, server }: Place<Client>, name: string): Promise<Client> {
    this.#users += 1;
    const client = await sdk.register(this.server(server).clientUrl, `${name}-${this.#users}`, PASSWORD);
    this.#clients.push(client);
    await client.start();
    return client;
  }

  /** Another device of a user, which has not been started. */
  async login<Client extends ChatClient>(sdk: Sdk<Client>, server: number, userId: string): Promise<Client> {
    const client = await sdk.login(this.server(server).clientUrl, userId, PASSWORD);
    this.#clients.push(client);
    return client;
  }

  /** Makes a room of one user and brings the other into it by an invitation. */
  async shareRoom<Host extends ChatClient, Joiner extends ChatClient>(
    { host, joiner }: Meeting<Host, Joiner>,
    room: Partial<NewRoom> = {},
  ): Promise<SharedRoom<Host, Joiner>> {
    const [alice, bob] = await Promise.all([this.user(host, 'alice'), this.user(joiner, 'bob')]);
    const roomId = await alice.createRoom({ preset: 'private_chat', ...room, invite: [bob.userId] });
    await sees('the invitation', async () => (await bob.membership(roomId)) === 'invite');
    await bob.join(roomId);
    for (const client of [alice, bob]) {
      await sees(
        `the join at ${client.userId}`,
        async () => (await client.membershipOf(roomId, bob.userId)) === 'join',
      );
      await sees('its own join', async () => (await client.membership(roomId)) === 'join');
    }
    return { alice, bob, roomId };
  }

  /** Ends every client that was made. */
  async closeClients(): Promise<void> {
    await Promise.allSettled(this.#clients.splice(0).map((client) => client.close()));
  }

  async stop(): Promise<void> {
    await this.closeClients();
    await Promise.all(this.#servers.map((server) => server.stop()));
  }

  /** Writes the servers' logs into files. @returns their paths, each with the end of its log. */
  report(): string {
    const parts = this.#servers.map((server, index) => {
      const file = join(this.directory, `${index}-${server.software.toLowerCase()}.log`);
      const log = server.log();
      writeFileSync(file, log);
      return `--- ${file}\n${log.trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n')}`;
    });
    return parts.join('\n');
  }
}

/** Waits until a client has seen something. @returns the first value that is neither false nor undefined. */
export function sees<T>(what: string, condition: () => Promise<T>): Promise<Exclude<T, false | undefined>> {
  return until(what, condition, PATIENCE_MS);
}

/**
 * Servers for the tests of one file, started before the first and stopped after the last. When a test fails, their logs
 * are kept and shown.
 */
export function useWorld(...software: World['software']): World {
  const world = new World(software);
  let failed = false;
  beforeAll(() => world.start());
  afterEach(async ({ task }) => {
    await world.closeClients();
    if (task.result?.state !== 'fail') return;
    failed = true;
    console.log(world.report());
  });
  afterAll(async () => {
    await world.stop();
    if (!failed) rmSync(world.directory, { recursive: true, force: true });
  });
  return world;
}
