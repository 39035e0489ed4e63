import { expect, test } from 'vitest';

import { aClient, type Client } from '../../../../support/worker/client.ts';
import { sliderOf, type SlidBody, type Slider } from '../../../../support/worker/sliding.ts';
import { anotherDevice, receive, sent200, to } from '../../../../support/worker/to-device.ts';

const wanted = (since?: string, limit?: number) => ({
  extensions: {
    to_device: { enabled: true, ...(since === undefined ? {} : { since }), ...(limit === undefined ? {} : { limit }) },
  },
});

/** The `n` of each message, and the token. */
function messagesIn({ extensions }: SlidBody) {
  const { events, next_batch: next } = extensions['to_device'] as {
    readonly events: readonly { readonly content: { readonly n: number } }[];
    readonly next_batch: string;
  };
  return { numbers: events.map(({ content }) => content.n), next };
}

const slide = async (slider: Slider, since?: string, query?: Record<string, string>) =>
  messagesIn(await slider.next(wanted(since), query));

async function aSlidingPair(): Promise<{ alice: Client; bob: Client; slider: Slider }> {
  const [alice, bob] = [await aClient(), await aClient()];
  return { alice, bob, slider: sliderOf(bob) };
}

test('a message is told until its token comes back, whatever pos comes with it', async () => {
  const { alice, bob, slider } = await aSlidingPair();
  await sent200(alice, to(bob, 1));
  const first = await slide(slider);
  expect(first.numbers).toEqual([1]);
  expect((await slide(slider)).numbers).toEqual([1]);
  const anew = sliderOf(bob);
  expect((await slide(anew)).numbers).toEqual([1]);
  expect(await slide(anew, first.next)).toEqual({ numbers: [], next: first.next });
  expect((await slide(anew)).numbers).toEqual([]);
});

test('no more are told than were asked for, in order, and the rest after', async () => {
  const { alice, bob, slider } = await aSlidingPair();
  for (let n = 0; n < 5; n += 1) await sent200(alice, to(bob, n));
  const first = messagesIn(await slider.next(wanted(undefined, 3)));
  expect(first.numbers).toEqual([0, 1, 2]);
  expect((await slide(slider, first.next, { timeout: '30000' })).numbers).toEqual([3, 4]);
});

test('a wait ends with a message to this device, and goes on for one to another', async () => {
  const { alice, bob, slider } = await aSlidingPair();
  const laptop = await anotherDevice(bob);
  const { next } = await slide(slider);
  const waiting = slide(slider, next, { timeout: '30000' });
  await sent200(alice, to(laptop, 1));
  await sent200(alice, to(bob, 2));
  const woken = await waiting;
  expect(woken.numbers).toEqual([2]);
  expect(await slide(slider, woken.next, { timeout: '1' })).toEqual({ numbers: [], next: woken.next });
});

test('who has not switched the extension on is told none, and they stay', async () => {
  const { alice, bob, slider } = await aSlidingPair();
  await sent200(alice, to(bob, 1));
  expect((await slider.next({})).extensions).toEqual({});
  expect((await slider.next({}, { timeout: '1' })).extensions).toEqual({});
  expect((await slide(slider)).numbers).toEqual([1]);
});

test('both forms of sync share one inbox', async () => {
  const { alice, bob, slider } = await aSlidingPair();
  await sent200(alice, to(bob, 1));
  const { next } = await slide(slider);
  await sent200(alice, to(bob, 2));
  await slide(slider, next);
  expect((await receive(bob)).numbers).toEqual([2]);
});

test('a token of another epoch is none', async () => {
  const { alice, bob, slider } = await aSlidingPair();
  await sent200(alice, to(bob, 1));
  expect((await slide(slider, 'zz_999999')).numbers).toEqual([1]);
  expect((await slide(slider)).numbers).toEqual([1]);
});
