import { expect, test } from 'vitest';

import { receiveDirectToDevice } from '../../../../../src/federation/receive/edus/receive-direct-to-device.ts';
import type { ServerName } from '../../../../../src/matrix/ids/brands.ts';
import type { JsonValue } from '../../../../../src/matrix/json/json-value.ts';
import { parseJson } from '../../../../../src/matrix/json/strict-json.ts';

const [us, origin] = ['us.test' as ServerName, 'peer.test' as ServerName];

async function received(...contents: readonly JsonValue[]) {
  const calls: unknown[] = [];
  await receiveDirectToDevice(us, async (deliveries) => void calls.push(deliveries))(origin, contents);
  return calls;
}

const good = {
  sender: '@u:peer.test',
  type: 'm.test',
  message_id: 'id',
  messages: { '@bob:us.test': { PHONE: { n: 1 }, '*': { n: 2 } } },
};

test('the EDUs of a transaction are given together, in their order', async () => {
  const delivery = {
    sender: '@u:peer.test',
    type: 'm.test',
    messageId: 'id',
    messages: [
      { userId: '@bob:us.test', deviceId: 'PHONE', content: '{"n":1}' },
      { userId: '@bob:us.test', deviceId: '*', content: '{"n":2}' },
    ],
  };
  expect(await received(good, { ...good, message_id: 'other' })).toEqual([
    [delivery, { ...delivery, messageId: 'other' }],
  ]);
});

test('users of other servers, and what is no message, are passed over', async () => {
  const messages = {
    '@bob:us.test': { PHONE: { n: 1 }, TEXT: 'text', LONG: { x: 'x'.repeat(65_536) }, ['D'.repeat(256)]: {} },
    '@carol:other.test': { PHONE: {} },
    '@dan:us.test': 'PHONE',
    nobody: { PHONE: {} },
  };
  expect(await received({ ...good, messages })).toMatchObject([
    [{ messages: [{ userId: '@bob:us.test', deviceId: 'PHONE' }] }],
  ]);
});

test('numbers that JavaScript does not know become those that it has', async () => {
  const parsed = parseJson(JSON.stringify(good).replace('{"n":1}', '{"n":1.50}'));
  if (!parsed.ok) throw new Error('no JSON');
  expect(await received(parsed.value)).toMatchObject([[{ messages: [{ content: '{"n":1.5}' }, {}] }]]);
});

test('of an EDU a thousand messages count', async () => {
  const devices = Object.fromEntries(Array.from({ length: 1_200 }, (_, at) => [`D${at}`, {}]));
  const [[delivery]] = (await received({ ...good, messages: { '@bob:us.test': devices } })) as [
    [{ messages: readonly unknown[] }],
  ];
  expect(delivery.messages).toHaveLength(1_000);
});

test.each<[string, JsonValue]>([
  ['of a user of another server', { ...good, sender: '@u:other.test' }],
  ['of no user', { ...good, sender: 'peer' }],
  ['without a type', { ...good, type: 1 }],
  ['without an ID', { ...good, message_id: '' }],
  ['with a long ID', { ...good, message_id: 'i'.repeat(256) }],
  ['for nobody', { ...good, messages: {} }],
  ['of no shape', 'text'],
])('an EDU %s is dropped', async (_what, content) => {
  expect(await received(content)).toEqual([]);
});
