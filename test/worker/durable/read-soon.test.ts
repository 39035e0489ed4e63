import { expect, test } from 'vitest';

import { readSoon } from '../../../src/durable/settings.ts';
import { defaultValues } from '../../../src/settings/definitions.ts';

/** Settings that were read before, of which a newer reading has no end until it is told. */
function older() {
  const snapshot = { revision: 3, values: defaultValues, epoch: '1' };
  const readings: PromiseWithResolvers<typeof snapshot>[] = [];
  const clock = { time: 0, revision: 3 };
  const settings = {
    atHand: () => undefined,
    latest: () => snapshot,
    revision: () => clock.revision,
    snapshot: () => {
      const reading = Promise.withResolvers<typeof snapshot>();
      readings.push(reading);
      return reading.promise;
    },
  };
  return { read: () => readSoon(settings, () => clock.time), readings, clock };
}

test('one read of a room waits for the settings, and those beside it go by what was read before', async () => {
  const { read, readings } = older();
  const first = read();
  await read();
  await read();
  expect(readings).toHaveLength(1);
  readings[0]?.reject(new Error('the database is away'));
  await first;
});

test('while the database is away it is asked once in five seconds', async () => {
  const { read, readings, clock } = older();
  const asked = async () => {
    const done = read();
    readings.at(-1)?.reject(new Error('the database is away'));
    await done;
    return readings.length;
  };
  expect(await asked()).toBe(1);
  clock.time = 4_999;
  expect(await asked()).toBe(1);
  clock.time = 5_000;
  expect(await asked()).toBe(2);
});

test('whoever has heard of a newer revision waits for it', async () => {
  const { read, readings, clock } = older();
  const first = read();
  clock.revision = 4;
  const second = read();
  expect(readings).toHaveLength(2);
  for (const reading of readings) reading.reject(new Error('the database is away'));
  await Promise.all([first, second]);
});
