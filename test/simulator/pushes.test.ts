import { readdirSync, readFileSync } from 'node:fs';

import { expect, test, vi } from 'vitest';

import type { EventId, RoomId, UserId } from '../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../src/matrix/json/json-value.ts';
import { applyMigrations } from '../../src/storage/apply-migrations.ts';
import type { Pusher } from '../../src/user/pushes/push-store.ts';
import { PushRepository } from '../../src/storage/user-db/push-repository.ts';
import type { Sql } from '../../src/storage/sql.ts';
import { PushRunner, type GatewayAnswer } from '../../src/user/pushes/run-pushes.ts';
import { SqliteStorage } from '../support/simulator/sqlite-storage.ts';

const bob = '@bob:us.test' as UserId;
const roomId = '!room:us.test' as RoomId;
const key = { userId: bob, appId: 'app', pushkey: 'key' };
const DAY = 86_400_000;

/** Read as files: Node does not import SQL. */
const FOLDER = 'migrations/user';
const migrations = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.sql'))
  .toSorted()
  .map((name) => readFileSync(`${FOLDER}/${name}`, 'utf8'));

/** A shard whose room says what it is told to, and whose gateway answers as it is told to. */
function aShard() {
  const { sql } = new SqliteStorage();
  applyMigrations(sql as unknown as SqlStorage, migrations);
  const exec = (query: string) => (sql as unknown as Sql).exec(query);
  exec(`insert into user_rooms (user_id, room_id, membership, from_pos, seq, was_joined, forgotten)
    values ('${bob}', '${roomId}', 'join', 1, 1, 1, 0)`);
  exec(`insert into room_cursors values ('${roomId}', 'e', 0)`);
  const store = new PushRepository(sql as unknown as Sql);
  const fields = { app_display_name: 'App', device_display_name: 'Phone', lang: 'en' };
  const data = { url: 'https://gateway.test/_matrix/push/v1/notify', format: 'event_id_only' };
  const aPusher: Pusher = { ...key, deviceId: 'D', fields: { kind: 'http', ...fields, data }, setTs: 1, attempts: 0 };
  store.putPusher(aPusher);
  const world = {
    store,
    now: 1_000,
    told: [] as (string | undefined)[],
    gateway: { kind: 'taken', rejected: [] } as GatewayAnswer,
    tries: 0,
    /** The room moves by an event that Bob is notified of. */
    move: (eventId: string) => {
      const pos = Number(eventId.slice(1));
      store.noteRoom(roomId, pos - 1);
      exec(`update room_cursors set pos = ${pos}`);
    },
    /** How long the gateway takes. */
    slowMs: 0,
    /** Until it is called, the gateway of a pushkey says nothing. */
    hung: new Map<string, () => void>(),
    hangs: (pushkey: string) => void world.hung.set(pushkey, () => {}),
    woken: [] as number[],
    add: (pushkey: string) => store.putPusher({ ...aPusher, pushkey }),
    /** The instance is gone with what was under way. */
    restart: () => {
      works.length = 0;
      runner = newRunner();
    },
    next: () => runner.next(),
    start: () => runner.start(),
    run: async () => {
      runner.start();
      for (let work = works.shift(); work !== undefined; work = works.shift()) await work;
    },
  };
  const works: Promise<void>[] = [];
  const newRunner = () =>
    new PushRunner({
      store,
      settings: () => ({ ignoredUsers: [] }),
      positionOf: () => Number(exec('select pos from room_cursors').toArray()[0]?.['pos']),
      readRoom: async ({ from, to }) => {
        const ids = Array.from({ length: to - from }, (_, index) => `$${from + index + 1}` as EventId);
        const sender = '@alice:us.test' as UserId;
        const push = { roomId, type: 'm.room.message', sender, actions: ['notify'], isTarget: false };
        return [{ userId: bob, pushes: ids.map((eventId) => ({ ...push, eventId })), unread: to }];
      },
      notify: async (_url, body) => {
        world.tries += 1;
        world.now += world.slowMs;
        const { event_id: eventId, devices } = body['notification'] as JsonObject;
        const [{ pushkey }] = devices as [{ pushkey: string }];
        if (world.hung.has(pushkey)) await new Promise<void>((resolve) => world.hung.set(pushkey, resolve));
        if (world.gateway.kind === 'taken') world.told.push(eventId as string | undefined);
        return world.gateway;
      },
      turn: (work) => work(),
      background: (work) => void works.push(work),
      wakeAt: (at) => void world.woken.push(at),
      now: () => world.now,
    });
  let runner = newRunner();
  return world;
}

test('what a gateway did not take is told in order when it does, after longer and longer waits', async () => {
  const shard = aShard();
  shard.gateway = { kind: 'failed' };
  shard.move('$1');
  await shard.run();
  expect([shard.tries, shard.next()]).toEqual([1, 3_000]);
  shard.move('$2');
  await shard.run();
  expect(shard.tries).toBe(1);
  shard.now = 3_000;
  await shard.run();
  expect([shard.tries, shard.next()]).toEqual([2, 7_000]);
  shard.now = 7_000;
  shard.gateway = { kind: 'taken', rejected: [] };
  await shard.run();
  expect([shard.told, shard.next()]).toEqual([['$1', '$2'], undefined]);
  shard.gateway = { kind: 'failed' };
  shard.move('$3');
  await shard.run();
  expect(shard.next()).toBe(9_000);
});

test('what is a day old is told no more, and of much the newest hundred', async () => {
  const shard = aShard();
  shard.gateway = { kind: 'failed' };
  shard.move('$1');
  await shard.run();
  shard.now += DAY + 1;
  shard.gateway = { kind: 'taken', rejected: [] };
  await shard.run();
  expect([shard.told, shard.next()]).toEqual([[], undefined]);
  for (let n = 2; n < 200; n += 1) shard.move(`$${n}`);
  await shard.run();
  expect(shard.told).toEqual(Array.from({ length: 100 }, (_, index) => `$${index + 100}`));
});

test('a rejected pusher is gone with what waits for it', async () => {
  const shard = aShard();
  shard.gateway = { kind: 'taken', rejected: ['key'] };
  shard.move('$1');
  shard.move('$2');
  await shard.run();
  expect([shard.told, shard.store.pushers(bob), shard.next()]).toEqual([['$1'], [], undefined]);
  shard.move('$3');
  await shard.run();
  expect([shard.tries, shard.next()]).toEqual([1, undefined]);
});

test('a gateway that says nothing holds up neither others nor what they are told later', async () => {
  const shard = aShard();
  shard.add('other');
  shard.hangs('key');
  shard.move('$1');
  shard.start();
  await vi.waitFor(() => expect(shard.told).toEqual(['$1']));
  shard.move('$2');
  shard.start();
  await vi.waitFor(() => expect(shard.told).toEqual(['$1', '$2']));
  expect(shard.next()).toBe(31_000);
  shard.hung.get('key')?.();
  shard.hung.clear();
  await shard.run();
  expect([shard.told, shard.next()]).toEqual([['$1', '$2', '$1', '$2'], undefined]);
});

test('what was being told when the instance ended is told by the next one', async () => {
  const shard = aShard();
  shard.hangs('key');
  shard.move('$1');
  shard.start();
  await vi.waitFor(() => expect(shard.tries).toBe(1));
  shard.hung.clear();
  shard.restart();
  await shard.run();
  expect([shard.told, shard.next()]).toEqual([['$1'], undefined]);
});

test('a gateway that takes much slowly lets others have their turn', async () => {
  const shard = aShard();
  for (let n = 2; n <= 6; n += 1) shard.add(`key${n}`);
  shard.slowMs = 9_000;
  for (let n = 1; n <= 5; n += 1) shard.move(`$${n}`);
  await shard.run();
  const of = (eventId: string) => shard.told.flatMap((told, index) => (told === eventId ? [index] : []));
  expect(shard.told).toHaveLength(30);
  expect(Math.max(...of('$1'))).toBeLessThan(Math.max(...of('$3')));
  expect(Math.max(...of('$1'))).toBeLessThan(Math.min(...of('$5')));
});

test('a wait that is over is told of, also while another gateway says nothing', async () => {
  const shard = aShard();
  shard.add('other');
  shard.hangs('other');
  shard.gateway = { kind: 'failed' };
  shard.move('$1');
  shard.start();
  await vi.waitFor(() => expect(shard.woken).toContain(3_000));
});
