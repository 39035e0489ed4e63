import { expect, test } from 'vitest';

import { aClient } from '../../../support/worker/client.ts';

test('tags are set and removed one by one, and are account data of the room', async () => {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const roomId = await alice.create();
  const path = `/user/${alice.userId}/rooms/${encodeURIComponent(roomId)}/tags`;
  expect((await alice.ask('GET', path)).body).toEqual({ tags: {} });
  const { next_batch: since } = await alice.sync();
  const waiting = alice.sync({ since, timeout: '10000' });
  await alice.ask('PUT', `${path}/m.favourite`, '{"order":0.25}');
  await waiting;
  await Promise.all(['u.work', 'u.home', '__proto__'].map((tag) => alice.ask('PUT', `${path}/${tag}`, {})));
  expect(await alice.ask('DELETE', `${path}/u.work`)).toMatchObject({ status: 200, body: {} });
  const tags = { 'm.favourite': { order: 0.25 }, 'u.home': {}, ['__proto__']: {} };
  expect((await alice.ask('GET', path)).body).toEqual({ tags });
  const { rooms } = await alice.sync({ since });
  expect(rooms?.join?.[roomId]?.account_data.events).toEqual([{ type: 'm.tag', content: { tags } }]);
  const refused = { status: 403, body: { errcode: 'M_FORBIDDEN' } };
  expect(await bob.ask('GET', path)).toMatchObject(refused);
  expect(await bob.ask('PUT', `${path}/m.favourite`, {})).toMatchObject(refused);
  expect(await bob.ask('DELETE', `${path}/m.favourite`)).toMatchObject(refused);
  expect(await alice.ask('PUT', `${path}/${'x'.repeat(256)}`, {})).toMatchObject({ status: 400 });
  expect(await alice.ask('PUT', `${path}/m.favourite`, [])).toMatchObject({ status: 400 });
});

test('an account has no third-party identifiers', async () => {
  const alice = await aClient('alice');
  expect((await alice.ask('GET', '/account/3pid')).body).toEqual({ threepids: [] });
});
