import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import { destinationMigrations } from '../../../../migrations/destination.ts';
import type { Env } from '../../../../src/config.ts';
import type { DeviceListUpdate } from '../../../../src/federation/device-lists/ports.ts';
import { RemoteDeviceLists } from '../../../../src/federation/device-lists/remote-device-lists.ts';
import type { DeviceList } from '../../../../src/matrix/device-lists/device-list.ts';
import type { UserId } from '../../../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../../../src/matrix/json/json-value.ts';
import { allow, deny } from '../../../../src/matrix/result.ts';
import { applyMigrations } from '../../../../src/storage/apply-migrations.ts';
import { DeviceListRepository } from '../../../../src/storage/destination-db/device-list-repository.ts';
import { Random } from '../../../support/simulator/random.ts';

const eve = '@eve:peer.example' as UserId;
const MAX_BYTES = 1_000_000;

let objects = 0;

/** A server with a list that changes, and what is kept of it here. */
class Bench {
  now = 1_000_000;
  /** The list after each change, by stream ID. */
  readonly history: Readonly<Record<string, string>>[] = [{}];
  readonly waiting: DeviceListUpdate[] = [];
  /** The stream ID of the last update that was received. */
  received = 0;
  fetched = 0;
  isAway = () => false;
  /** Users of whom everybody is to hear that they changed, though nothing was received. */
  readonly told: UserId[] = [];
  /** What a client saw last, which asks again when it was told of a change. */
  seen: DeviceList | undefined;
  isBehind = false;
  /** While the server answers. */
  meanwhile: (() => void) | undefined;
  readonly store: DeviceListRepository;
  lists: RemoteDeviceLists;

  constructor(storage: DurableObjectStorage) {
    storage.transactionSync(() => applyMigrations(storage.sql, destinationMigrations));
    this.store = new DeviceListRepository(storage);
    this.lists = this.open();
  }

  /** As after an eviction. */
  open(): RemoteDeviceLists {
    return new RemoteDeviceLists({
      store: this.store,
      fetch: async () => {
        this.fetched += 1;
        if (this.isAway()) return deny({ kind: 'unreachable', reason: 'away' });
        const answer = this.devicesAnswer();
        this.meanwhile?.();
        return allow(answer);
      },
      changed: (userId) => {
        this.told.push(userId);
        this.isBehind = true;
      },
      waitsUntil: () => 0,
      asked: () => undefined,
      instance: crypto.randomUUID(),
      now: () => this.now,
      random: () => 0,
      after: async (delayMs) => void (this.now += delayMs),
    });
  }

  get streamId(): number {
    return this.history.length - 1;
  }

  list(streamId = this.streamId): DeviceList {
    const devices = Object.entries(this.history[streamId] ?? {}).map(([id, key]) => [id, keysOf(id, key)] as const);
    return { devices: Object.fromEntries(devices) };
  }

  devicesAnswer(): JsonObject {
    const devices = Object.entries(this.list().devices).map(([id, keys]) => ({ device_id: id, keys: keys ?? {} }));
    return { user_id: eve, stream_id: this.streamId, devices };
  }

  /** A device has another key, or is gone; the update waits. */
  change(deviceId: string, key: string | undefined): void {
    const others = Object.entries(this.history.at(-1) ?? {}).filter(([id]) => id !== deviceId);
    this.history.push(Object.fromEntries(key === undefined ? others : [...others, [deviceId, key] as const]));
    const { streamId } = this;
    const keys = key === undefined ? undefined : keysOf(deviceId, key);
    const prevIds = streamId === 1 ? [] : [streamId - 1];
    this.waiting.push({ kind: 'device', userId: eve, deviceId, streamId, prevIds, keys });
  }

  receive(update = this.waiting.shift()): void {
    if (update === undefined) return;
    if (update.kind === 'device') this.received = Math.max(this.received, update.streamId);
    this.isBehind = true;
    this.store.transaction(() => this.lists.receive([update]));
  }

  /** Asks as a client does. */
  async ask(): Promise<void> {
    const { mark } = await this.lists.find([eve], MAX_BYTES);
    const list = this.list();
    this.meanwhile?.();
    this.lists.keep(mark, [{ userId: eve, anchor: '{}', json: JSON.stringify(list) }]);
  }

  /** As a client does that was told of a change: where the server does not answer it is shown what is kept. */
  async look(): Promise<void> {
    if (this.seen !== undefined && !this.isBehind) return;
    this.isBehind = false;
    const { mark, lists } = await this.lists.find([eve], MAX_BYTES);
    const [held] = lists;
    if (held?.isCurrent === true || (held !== undefined && this.isAway())) {
      this.seen = JSON.parse(held.json) as DeviceList;
      return;
    }
    this.seen = this.list();
    this.meanwhile?.();
    this.lists.keep(mark, [{ userId: eve, anchor: '{}', json: JSON.stringify(this.seen) }]);
  }

  /** The list that is held for right, if one is; nobody is shown it. */
  get current(): DeviceList | undefined {
    const held = this.store.get(eve);
    return held?.isCurrent === true ? (JSON.parse(held.json) as DeviceList) : undefined;
  }

  async kept(): Promise<{ readonly isCurrent: boolean; readonly list: DeviceList } | undefined> {
    const { lists } = await this.lists.find([eve], MAX_BYTES);
    return lists.map(({ isCurrent, json }) => ({ isCurrent, list: JSON.parse(json) as DeviceList }))[0];
  }
}

function keysOf(deviceId: string, key: string): JsonObject {
  return { user_id: eve, device_id: deviceId, keys: { [`ed25519:${deviceId}`]: key }, unsigned: {} };
}

async function withBench(work: (bench: Bench) => Promise<void>): Promise<void> {
  objects += 1;
  const stub = (env as unknown as Env).DESTINATION.getByName(`device-lists-${objects}.test`);
  await runInDurableObject(stub, (_instance, { storage }) => work(new Bench(storage)));
}

test('what changes while the server answers makes the answer doubtful, and fetched again', () =>
  withBench(async (bench) => {
    bench.change('ONE', 'first');
    bench.meanwhile = () => {
      bench.meanwhile = undefined;
      bench.change('ONE', 'second');
      bench.receive();
    };
    await bench.ask();
    expect(await bench.kept()).toMatchObject({ isCurrent: false });
    await bench.lists.resync();
    expect(await bench.kept()).toEqual({ isCurrent: true, list: bench.list() });
  }));

test('an answer to a question of before the instance is doubtful', () =>
  withBench(async (bench) => {
    bench.change('ONE', 'first');
    bench.meanwhile = () => (bench.lists = bench.open());
    await bench.ask();
    expect(await bench.kept()).toMatchObject({ isCurrent: false });
  }));

test('what nothing was heard of for a day is asked for again', () =>
  withBench(async (bench) => {
    await bench.ask();
    expect(await bench.kept()).toMatchObject({ isCurrent: true });
    bench.now += 86_400_000;
    expect(await bench.kept()).toMatchObject({ isCurrent: false });
  }));

test('a server that is away is asked later and later, and after a time not any more', () =>
  withBench(async (bench) => {
    await bench.ask();
    bench.isAway = () => true;
    bench.lists.receive([{ kind: 'unclear', userId: eve }]);
    let [last, next]: (number | undefined)[] = [0, bench.now];
    const delays: number[] = [];
    while (next !== undefined) {
      [last, bench.now] = [bench.now, next];
      delays.push(bench.now - last);
      next = await bench.lists.resync();
    }
    expect(delays.slice(1)).toEqual(delays.slice(1).toSorted((a, b) => a - b));
    expect(bench.fetched).toBe(12);
    expect(await bench.kept()).toBeUndefined();
  }));

test('who was shown a list while it was doubtful is told once it is right, or known to nobody', () =>
  withBench(async (bench) => {
    const changeUnheard = async (key: string, isShown: boolean) => {
      bench.isAway = () => true;
      bench.change('ONE', key);
      bench.receive({ kind: 'unclear', userId: eve });
      await bench.lists.resync();
      if (isShown) await bench.kept();
      bench.isAway = () => false;
      bench.now += 10_000;
    };
    await bench.ask();
    await changeUnheard('unseen', false);
    await bench.lists.resync();
    expect(bench.told).toEqual([]);
    await changeUnheard('shown', true);
    await bench.lists.resync();
    expect(bench.told).toEqual([eve]);
    await changeUnheard('asked', true);
    await bench.ask();
    expect(bench.told).toEqual([eve, eve]);
    await bench.ask();
    expect(bench.told).toEqual([eve, eve]);
    await changeUnheard('gone', true);
    bench.isAway = () => true;
    for (let next: number | undefined = bench.now; next !== undefined; next = await bench.lists.resync()) {
      bench.now = next;
    }
    expect(bench.told).toEqual([eve, eve, eve]);
  }));

test('a master key that comes without a self-signing key does not leave one that another master key has signed', () =>
  withBench(async (bench) => {
    const key = (name: string): JsonObject => ({ user_id: eve, keys: { [`ed25519:${name}`]: name } });
    const first = { devices: {}, master: key('first'), selfSigning: key('self') };
    const { mark } = await bench.lists.find([], MAX_BYTES);
    bench.lists.keep(mark, [{ userId: eve, anchor: '{}', json: JSON.stringify(first) }]);
    const receive = (master: JsonObject, selfSigning?: JsonObject) =>
      bench.receive({ kind: 'signing-keys', userId: eve, master, selfSigning });
    receive({ ...key('first'), signatures: {} });
    expect(await bench.kept()).toEqual({
      isCurrent: true,
      list: { ...first, master: { ...key('first'), signatures: {} } },
    });
    receive(key('second'), key('other'));
    expect(await bench.kept()).toEqual({
      isCurrent: true,
      list: { devices: {}, master: key('second'), selfSigning: key('other') },
    });
    receive(key('third'));
    expect(await bench.kept()).toMatchObject({ isCurrent: false });
    await bench.lists.resync();
    expect(await bench.kept()).toEqual({ isCurrent: true, list: { devices: {} } });
  }));

test('a list that is too long is not kept, and of too many the ones go that were used longest ago', () =>
  withBench(async (bench) => {
    const { mark } = await bench.lists.find([], MAX_BYTES);
    const keep = (userId: UserId, bytes: number) =>
      bench.lists.keep(mark, [{ userId, anchor: '{}', json: JSON.stringify({ devices: {}, x: 'x'.repeat(bytes) }) }]);
    keep(eve, 600_000);
    expect(await bench.kept()).toBeUndefined();
    const user = (n: number) => `@u${n}:peer.example` as UserId;
    for (let n = 0; n < 105; n += 1) {
      bench.now += 1;
      keep(user(n), 490_000);
    }
    const kept = async (n: number) => (await bench.lists.find([user(n)], MAX_BYTES)).lists.length;
    expect([await kept(0), await kept(104)]).toEqual([0, 1]);
  }));

test.each([1, 2, 3, 4, 5, 6])(
  'whatever is lost, repeated, late or ends, what is held for right is right as far as the server told (%i)',
  (seed) =>
    withBench(async (bench) => {
      const random = new Random(seed);
      /** Updates were lost since the whole list was told: nobody can know before the next one. */
      let isLossy = false;
      let last: DeviceListUpdate | undefined;
      bench.isAway = () => random.below(3) === 0;
      const steps: (() => void | Promise<unknown>)[] = [
        () =>
          bench.change(
            random.pick(['ONE', 'TWO', '__proto__']),
            random.chance(0.3) ? undefined : random.pick(['a', 'b']),
          ),
        () => {
          last = bench.waiting[0];
          bench.receive();
        },
        () => bench.receive(last),
        () => {
          isLossy = false;
          return bench.ask();
        },
        () => bench.lists.resync(),
        () => bench.look(),
        () => void (bench.lists = bench.open()),
        () => {
          if (random.below(4) === 0 && bench.waiting.shift() !== undefined) isLossy = true;
        },
      ];
      bench.meanwhile = () => {
        if (random.below(2) === 0) bench.change('ONE', random.pick(['c', 'd']));
        if (random.below(2) === 0) bench.receive();
      };
      for (let step = 0; step < 400; step += 1) {
        bench.now += random.below(5_000);
        await random.pick(steps)();
        const { current } = bench;
        if (current === undefined) continue;
        const seen = bench.isBehind ? current : (bench.seen ?? current);
        expect(seen).toEqual(current);
        if (isLossy) continue;
        const possible = bench.history.slice(bench.received).map((_list, at) => bench.list(bench.received + at));
        expect(possible).toContainEqual(current);
      }
      bench.isAway = () => false;
      bench.meanwhile = undefined;
      await bench.ask();
      bench.change('ONE', 'last');
      while (bench.waiting.length > 0) bench.receive();
      for (let next: number | undefined = bench.now; next !== undefined; next = await bench.lists.resync()) {
        bench.now = Math.max(bench.now, next);
      }
      expect(await bench.kept()).toEqual({ isCurrent: true, list: bench.list() });
    }),
);
