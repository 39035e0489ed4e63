import { expect, test } from 'vitest';

import { CallLine } from '../../../src/room/dispatch/call-line.ts';
import { settled } from '../../support/simulator/dispatch-rig.ts';

test('no more calls than the limit are under way, and the next begins when one ends', async () => {
  const calls: { readonly taken: readonly number[]; readonly end: () => void }[] = [];
  const line = new CallLine<number>({
    limit: 3,
    take: (waiting) => waiting.splice(0, 2),
    call: (taken) => new Promise((end) => calls.push({ taken, end })),
  });
  for (let item = 0; item < 9; item += 1) line.add(item);
  expect(calls).toEqual([]);
  line.advance();
  expect(calls.map(({ taken }) => taken)).toEqual([
    [0, 1],
    [2, 3],
    [4, 5],
  ]);
  calls[1]?.end();
  await settled();
  expect(calls.map(({ taken }) => taken).slice(3)).toEqual([[6, 7]]);
  for (const { end } of calls) end();
  await settled();
  expect(calls.map(({ taken }) => taken).slice(4)).toEqual([[8]]);
});
