import { expect, test } from 'vitest';

import { aRoomsApp, alice, here, room } from '../../../../support/worker/a-rooms-app.ts';

const send = `/rooms/${here}/send/m.room.message/txn%2F1`;

test('a message is sent once per device, path and transaction ID', async () => {
  const { request, asked } = aRoomsApp();
  expect(await request('PUT', send, { body: 'hi' })).toEqual({ status: 200, json: { event_id: '$sent' } });
  expect(asked('room.send')).toEqual([
    {
      roomId: room,
      draft: { type: 'm.room.message', sender: alice.userId, content: { body: 'hi' } },
      transaction: { scope: '@alice:us.test/PHONE', path: 'send/m.room.message', txnId: 'txn/1' },
    },
  ]);
});

test.each(['[]', '"text"', '1', 'null'])('content that is %s is refused', async (body) => {
  expect(await aRoomsApp().request('PUT', send, body)).toMatchObject({ status: 400, json: { errcode: 'M_BAD_JSON' } });
});

test('a body that is no JSON is refused', async () => {
  expect(await aRoomsApp().request('PUT', send, '{')).toMatchObject({ status: 400, json: { errcode: 'M_NOT_JSON' } });
});

test.each(['{"a":{"b":[1.5]}}', '{"a":9007199254740993}', '{"a":1.0}'])(
  '%s is no content from version 6 on',
  async (body) => {
    const { request, asked } = aRoomsApp({ roomVersion: '6' });
    expect(await request('PUT', send, body)).toMatchObject({ status: 400, json: { errcode: 'M_BAD_JSON' } });
    expect(asked('room.send')).toEqual([]);
  },
);

test('an early room version takes fractions', async () => {
  const { request, asked } = aRoomsApp({ roomVersion: '5' });
  expect((await request('PUT', send, '{"a":{"b":[1.5]},"c":1.0}')).status).toBe(200);
  expect(asked('room.send')).toMatchObject([{ draft: { content: { a: { b: [1.5] }, c: 1 } } }]);
});

test('a redaction names its event, by whichever path', async () => {
  const { request, asked } = aRoomsApp();
  await request('PUT', `/rooms/${here}/redact/%24event/9`, { reason: 'spam' });
  await request('PUT', `/rooms/${here}/send/m.room.redaction/9`, { reason: 'spam', redacts: '$event' });
  const draft = { type: 'm.room.redaction', sender: alice.userId, content: { reason: 'spam' }, redacts: '$event' };
  expect(asked('room.send')).toEqual([
    { roomId: room, draft, transaction: { scope: '@alice:us.test/PHONE', path: 'redact/$event', txnId: '9' } },
    { roomId: room, draft, transaction: { scope: '@alice:us.test/PHONE', path: 'send/m.room.redaction', txnId: '9' } },
  ]);
});

test('a redaction of nothing is refused', async () => {
  const answer = await aRoomsApp().request('PUT', `/rooms/${here}/send/m.room.redaction/9`, { reason: 'spam' });
  expect(answer).toMatchObject({ status: 400, json: { errcode: 'M_BAD_JSON' } });
});

test.each([
  ['m.room.name', ''],
  ['m.room.name/', ''],
  ['org.example/a%2Fb', 'a/b'],
])('state at %s has its key', async (path, stateKey) => {
  const { request, asked } = aRoomsApp();
  expect(await request('PUT', `/rooms/${here}/state/${path}`, { a: 1 })).toMatchObject({ json: { event_id: '$sent' } });
  expect(asked('room.send')).toMatchObject([{ draft: { stateKey, sender: alice.userId, content: { a: 1 } } }]);
  expect(asked('room.send')[0]).not.toHaveProperty('transaction');
});

test('a second create event is refused', async () => {
  const answer = await aRoomsApp().request('PUT', `/rooms/${here}/state/m.room.create`, {});
  expect(answer).toMatchObject({ status: 403, json: { errcode: 'M_FORBIDDEN' } });
});

const held = { 'm.room.canonical_alias ': { sender: alice.userId, content: { alias: '#old:us.test' } } };

test('an alias that does not point to the room does not become canonical', async () => {
  const { request } = aRoomsApp({ state: held });
  const answer = await request('PUT', `/rooms/${here}/state/m.room.canonical_alias`, { alias: '#new:us.test' });
  expect(answer).toMatchObject({ status: 400, json: { errcode: 'M_BAD_ALIAS' } });
});

test('what is no alias does not become canonical', async () => {
  const { request } = aRoomsApp({ state: held });
  const answer = await request('PUT', `/rooms/${here}/state/m.room.canonical_alias`, { alt_aliases: ['new'] });
  expect(answer).toMatchObject({ status: 400, json: { errcode: 'M_INVALID_PARAM' } });
});

test('an alias that the room has already, and one that names it, stay or become canonical', async () => {
  const { request } = aRoomsApp({ state: held, aliases: { '#new:us.test': { roomId: room, creator: alice.userId } } });
  const content = { alias: '#new:us.test', alt_aliases: ['#old:us.test'] };
  expect((await request('PUT', `/rooms/${here}/state/m.room.canonical_alias`, content)).status).toBe(200);
});
