import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import { readConfig, type Env } from '../../../../src/config.ts';
import { Shutdowns } from '../../../../src/durable/room/shutdowns.ts';
import type { UserId } from '../../../../src/matrix/ids/brands.ts';
import type { RoomContext } from '../../../../src/room/room-context.ts';
import { shutdownOf, type Shutdown } from '../../../../src/room/shutdown/require-open.ts';
import { endShutdown, putShutdown } from '../../../../src/room/shutdown/shutdown.ts';
import type { RoomStore } from '../../../../src/room/store.ts';

const bindings = env as unknown as Env;
const config = readConfig(bindings);

/** A closed room whose users are asked to leave, none of whom can. */
function aClosedRoom(users: number, beforeTurn: (store: RoomStore) => void = () => {}) {
  const members = Array.from({ length: users }, (_, at) => `@u${at}:${config.serverName}` as UserId);
  const sagas = new Map<string, object>();
  let asked = 0;
  const store = {
    sagas: {
      get: (kind: string) => sagas.get(kind),
      put: (saga: { readonly kind: string }) => sagas.set(saga.kind, saga),
      remove: (kind: string) => sagas.delete(kind),
    },
    meta: { lifecycle: () => 'live' },
    stream: { head: () => 1 },
    state: { membersAmong: () => members.map((userId) => ({ userId, membership: 'join' })) },
  } as unknown as RoomStore;
  const ctx = {
    store,
    attempt: () => {
      asked += 1;
      return { ok: false };
    },
  } as unknown as RoomContext;
  const begun: Shutdown = { by: '@root:eyrie.test' as UserId, since: 1, step: 'members', removed: 0, failed: [] };
  putShutdown(store, begun);
  const shutdowns = new Shutdowns(bindings, config, {
    store,
    schedule: { set: () => {} },
    handshakes: { inviteWasRejected: () => {} },
    turn: async (work) => {
      beforeTurn(store);
      return { ok: true, value: work(ctx) };
    },
  });
  return { store, shutdowns, asked: () => asked };
}

test('closing comes to an end where more users cannot leave than are kept', async () => {
  const { store, shutdowns, asked } = aClosedRoom(1_120);
  for (let turns = 0; turns < 30; turns += 1) await shutdowns.attend();
  expect(shutdownOf(store)).toMatchObject({ step: 'done', removed: 0 });
  expect(shutdownOf(store)?.failed).toHaveLength(1_000);
  expect(asked()).toBe(1_120);
});

test('nobody is asked to leave any more once the room was opened again', async () => {
  const { store, shutdowns, asked } = aClosedRoom(3, endShutdown);
  await shutdowns.attend();
  expect(asked()).toBe(0);
  expect(shutdownOf(store)).toBeUndefined();
});
