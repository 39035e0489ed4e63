import { expect, test } from 'vitest';

import { ask } from '../../../support/worker/ask.ts';
import { aClient, idsOf } from '../../../support/worker/client.ts';

test('a sync that goes on from a point in the history of a room begins anew, with everything', async () => {
  const alice = await aClient('alice');
  const [first, other] = [await alice.create({ name: 'First' }), await alice.create({ name: 'Other' })];
  const eventId = await alice.say(first, 'hello');
  const { body } = await alice.inRoom('GET', first, 'messages?dir=b&limit=1');
  const since = String(body['end']);
  const { rooms } = await alice.syncUntil(
    (answer) => idsOf(answer.rooms?.join?.[first]?.timeline.events).includes(eventId),
    { since, timeout: '1000' },
  );
  expect(Object.keys(rooms?.join ?? {}).toSorted()).toEqual([first, other].toSorted());
  const types = [...(rooms?.join?.[other]?.state.events ?? []), ...(rooms?.join?.[other]?.timeline.events ?? [])];
  expect(types.map(({ type }) => type)).toContain('m.room.create');
});

test('threads are listed from a sync token on, as from a token of their own', async () => {
  const alice = await aClient('alice');
  const roomId = await alice.create();
  const reply = async (root: string) => {
    const content = { body: 'in it', msgtype: 'm.text', 'm.relates_to': { rel_type: 'm.thread', event_id: root } };
    const { body } = await alice.inRoom('PUT', roomId, `send/m.room.message/${crypto.randomUUID()}`, content);
    return String(body['event_id']);
  };
  const [early, late] = [await alice.say(roomId, 'early'), await alice.say(roomId, 'late')];
  const last = await reply(early);
  const synced = await alice.syncUntil(({ rooms }) => idsOf(rooms?.join?.[roomId]?.timeline.events).includes(last));
  await reply(late);
  const path = `/_matrix/client/v1/rooms/${encodeURIComponent(roomId)}/threads?from=${synced.next_batch}`;
  const { body } = await ask('GET', path, { token: alice.token });
  expect(idsOf(body['chunk'] as never)).toEqual([early]);
});

test('what is no token of either kind is refused', async () => {
  const alice = await aClient('alice');
  expect(await alice.ask('GET', '/sync?since=x1_2')).toMatchObject({
    status: 400,
    body: { errcode: 'M_INVALID_PARAM' },
  });
});
