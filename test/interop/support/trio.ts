import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll } from 'vitest';

import { eyrieAdministrator, startEyrieHomeserver } from '../../support/node/eyrie-homeserver.ts';
import type { Homeserver } from '../../support/node/homeserver.ts';
import type { MatrixClient } from '../../support/node/matrix-client.ts';
import { startSynapse } from '../../support/node/synapse.ts';
import { TestAuthority } from '../../support/node/test-authority.ts';
import { FollowingClient } from './following-client.ts';

export type Seat = 'eyrie' | 'other' | 'synapse';

const SEATS: readonly Seat[] = ['eyrie', 'other', 'synapse'];
const LOG_TAIL = 4_000;

/** Two Eyries and a Synapse that federate, and their users. */
export class Trio {
  readonly #servers = new Map<Seat, Homeserver>();
  readonly directory = mkdtempSync(join(tmpdir(), 'eyrie-trio-'));
  readonly #administrators = new Map<Seat, Promise<MatrixClient>>();
  #users = 0;

  async start(): Promise<void> {
    const authority = await TestAuthority.make();
    const started = SEATS.map(async (seat) => {
      const start = seat === 'synapse' ? startSynapse : startEyrieHomeserver;
      this.#servers.set(seat, await start({ directory: join(this.directory, seat), authority }));
    });
    const failed = (await Promise.allSettled(started)).find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  server(seat: Seat): Homeserver {
    const server = this.#servers.get(seat);
    if (server === undefined) throw new Error(`${seat} has not started`);
    return server;
  }

  user(seat: Seat, name: string): Promise<FollowingClient> {
    this.#users += 1;
    return new FollowingClient(this.server(seat).clientUrl).register(`${name}-${this.#users}`);
  }

  /** Cuts an Eyrie off from the others, both ways, and joins it again: its users go on meanwhile. */
  async partition(seat: 'eyrie' | 'other'): Promise<{ heal(): Promise<void> }> {
    const admin = await this.#administrator(seat);
    const federate = (isOn: boolean) =>
      admin.request('PUT', '/_eyrie/admin/v1/settings', { settings: { 'federation.enabled': isOn } });
    await federate(false);
    return { heal: async () => void (await federate(true)) };
  }

  #administrator(seat: Seat): Promise<MatrixClient> {
    const made = this.#administrators.get(seat) ?? eyrieAdministrator(this.server(seat));
    this.#administrators.set(seat, made);
    return made;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.stop()));
  }

  report(): string {
    return [...this.#servers].map(([seat, server]) => `--- ${seat}\n${server.log().slice(-LOG_TAIL)}`).join('\n');
  }
}

/** Three servers for the tests of one file. When a test fails, the ends of their logs are shown. */
export function useTrio(): Trio {
  const trio = new Trio();
  beforeAll(() => trio.start());
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') console.log(trio.report());
  });
  afterAll(async () => {
    await trio.stop();
    rmSync(trio.directory, { recursive: true, force: true });
  });
  return trio;
}
