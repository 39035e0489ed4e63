import { expect, test } from 'vitest';

import { inOrder, readSpaceChild, viaOf } from '../../../src/matrix/discovery/space-child.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';

function child(name: string, ts: number, content: JsonObject = {}) {
  const read = readSpaceChild({
    type: 'm.space.child',
    state_key: `!${name}:example.org`,
    sender: '@alice:example.org',
    origin_server_ts: ts,
    content: { via: ['example.org'], ...content },
  });
  if (read === undefined) throw new Error('no child');
  return read;
}

const names = (children: readonly { readonly state_key: string }[]) =>
  children.map(({ state_key: key }) => key.slice(1, key.indexOf(':')));

test("the specification's example", () => {
  const children = [
    child('e', 1_640_641_000_000),
    child('d', 1_640_741_000_000),
    child('b', 1_640_341_000_000, { order: ' ' }),
    child('c', 1_640_841_000_000, { order: 'first' }),
    child('a', 1_640_141_000_000, { order: 'aaaa' }),
  ];
  expect(names(inOrder(children))).toEqual(['b', 'a', 'c', 'e', 'd']);
});

test('equal orders go by time, equal times by room ID, and an invalid order is none', () => {
  const children = [
    child('z', 5, { order: 'x' }),
    child('y', 4, { order: 'x' }),
    child('b', 1),
    child('a', 1),
    child('c', 0, { order: 'é' }),
    child('d', 2, { order: 'x'.repeat(51) }),
    child('e', 3, { order: '' }),
    child('f', 6, { order: 7 }),
  ];
  expect(names(inOrder(children))).toEqual(['y', 'z', 'c', 'a', 'b', 'd', 'e', 'f']);
});

const event = { type: 'm.space.child', state_key: '!a:b.test', sender: '@a:b.test', origin_server_ts: 1 };

test.each([
  [{ ...event, content: {} }],
  [{ ...event, content: { via: 'b.test' } }],
  [{ ...event, content: { via: ['b.test'] }, state_key: 'a' }],
  [{ ...event, content: { via: ['b.test'] }, type: 'm.space.parent' }],
  [{ ...event, content: { via: ['b.test'] }, origin_server_ts: '1' }],
  ['text'],
])('%j is no child', (json) => {
  expect(readSpaceChild(json)).toBeUndefined();
});

test('servers that are none are passed over', () => {
  expect(viaOf(child('a', 1, { via: ['one.test', 7, 'no server', 'two.test:8448'] }))).toEqual([
    'one.test',
    'two.test:8448',
  ]);
});
