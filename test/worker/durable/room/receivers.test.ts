import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { readConfig, type Env } from '../../../../src/config.ts';
import { roomReceivers } from '../../../../src/durable/room/receivers.ts';
import type { RoomId, ServerName } from '../../../../src/matrix/ids/brands.ts';

const bindings = env as unknown as Env;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A database that never answers. */
function silentDatabase(): D1Database {
  const forEver = () => new Promise<never>(() => {});
  const statement = { bind: () => statement, all: forEver, first: forEver, run: forEver, raw: forEver };
  return { prepare: () => statement, batch: forEver } as unknown as D1Database;
}

const receivers = () => roomReceivers({ ...bindings, DB: silentDatabase() }, readConfig(bindings), undefined);

/** How calls end, if they do so within a minute. */
async function endsOf(calls: readonly Promise<unknown>[]): Promise<readonly string[]> {
  const ended = Promise.allSettled(calls);
  await vi.advanceTimersByTimeAsync(60_000);
  return (await ended).map((end) => (end.status === 'rejected' ? String(end.reason) : end.status));
}

const LATE = 'Error: no answer within 10000 ms';
const roomId = '!room:eyrie.test' as RoomId;

test('a database that does not answer keeps no room waiting for its projection', async () => {
  const range = { roomId, to: 1, events: [], memberships: [], redacted: [], summary: undefined };
  expect(await endsOf([receivers().projector(range)])).toEqual([LATE]);
});

test('a database that does not answer keeps no room waiting for other servers', async () => {
  const room = receivers();
  const range = { roomId, epoch: 'e', from: 0, to: 1, pdus: [] };
  const offers = ['one.test', 'two.test'].map((server) => room.destination(server as ServerName, range));
  expect(await endsOf(offers)).toEqual([LATE, LATE]);
});
