// The forms of before there was /sync (Client-Server API, `GET /initialSync`, `GET /events`)
import { expect, test } from 'vitest';

import { aClient, idsOf, type Client, type ShownEvent } from '../../../support/worker/client.ts';

interface RoomInfo {
  readonly room_id: string;
  readonly membership: string;
  readonly invite?: ShownEvent;
  readonly messages?: { readonly start?: string; readonly end: string; readonly chunk: readonly ShownEvent[] };
  readonly state?: readonly ShownEvent[];
  readonly account_data?: readonly object[];
}

interface Snapshot {
  readonly end: string;
  readonly presence: readonly object[];
  readonly rooms: readonly RoomInfo[];
  readonly account_data: readonly { readonly type: string }[];
}

async function initialSync(client: Client, query = ''): Promise<Snapshot> {
  const { status, body } = await client.ask('GET', `/initialSync${query}`);
  expect({ status, body }).toMatchObject({ status: 200 });
  return body as unknown as Snapshot;
}

async function events(client: Client, query: string) {
  const { status, body } = await client.ask('GET', `/events${query}`);
  expect({ status, body }).toMatchObject({ status: 200 });
  return body as unknown as { start: string; end: string; chunk: readonly (ShownEvent & { room_id?: string })[] };
}

const typesOf = (list: readonly { readonly type: string }[] = []) => list.map(({ type }) => type);

test('initialSync shows the rooms that a user is in, and was invited to', async () => {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const roomId = await alice.create({ name: 'Old' });
  const said = await alice.say(roomId, 'hello');
  const invited = await bob.create({ invite: [alice.userId] });
  await alice.syncUntil(({ rooms }) => {
    const shown = idsOf(rooms?.join?.[roomId]?.timeline.events);
    return shown.includes(said) && rooms?.invite?.[invited] !== undefined;
  });
  const { rooms, account_data: accountData, end } = await initialSync(alice, '?limit=1');
  expect(typesOf(accountData)).toContain('m.push_rules');
  const mine = rooms.find(({ room_id: id }) => id === roomId);
  expect(mine).toMatchObject({ membership: 'join', messages: { end, chunk: [{ event_id: said, room_id: roomId }] } });
  expect(typesOf(mine?.state)).toEqual(expect.arrayContaining(['m.room.create', 'm.room.name', 'm.room.member']));
  const before = await alice.inRoom('GET', roomId, `messages?dir=b&limit=1&from=${mine?.messages?.start ?? ''}`);
  expect(before.body['chunk']).toMatchObject([{ type: 'm.room.name' }]);
  expect(rooms.find(({ room_id: id }) => id === invited)).toMatchObject({
    membership: 'invite',
    invite: { type: 'm.room.member', state_key: alice.userId, sender: bob.userId, content: { membership: 'invite' } },
  });
});

test('initialSync shows rooms that were left only where they are asked for', async () => {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const [left, banned] = [await alice.create(), await alice.create()];
  for (const roomId of [left, banned]) await bob.join(roomId);
  await bob.inRoom('POST', left, 'leave', {});
  await alice.inRoom('POST', banned, 'ban', { user_id: bob.userId });
  await bob.syncUntil((body) => body.rooms?.leave?.[banned] !== undefined, {
    filter: { room: { include_leave: true } },
  });
  expect((await initialSync(bob)).rooms).toEqual([]);
  const { rooms } = await initialSync(bob, '?archived=true');
  const byRoom = Object.fromEntries(rooms.map(({ room_id: id, membership }) => [id, membership]));
  expect(byRoom).toEqual({ [left]: 'leave', [banned]: 'ban' });
});

test('events go on where initialSync ended, over all rooms', async () => {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const [one, other] = [await alice.create(), await alice.create()];
  for (const roomId of [one, other]) await bob.join(roomId);
  await bob.syncUntil((body) => Object.keys(body.rooms?.join ?? {}).length === 2);
  let { end } = await initialSync(bob);
  const seen: string[] = [];
  const said = [await alice.say(one, 'first'), await alice.say(other, 'second')];
  while (!said.every((id) => seen.includes(id))) {
    const page = await events(bob, `?from=${end}&timeout=5000`);
    expect(page.start).toBe(end);
    ({ end } = page);
    seen.push(...idsOf(page.chunk.filter(({ type }) => type === 'm.room.message')));
  }
  expect(seen.toSorted()).toEqual(said.toSorted());
});

test('events without a token are those that come from now on', async () => {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const roomId = await alice.create();
  await alice.say(roomId, 'earlier');
  await bob.join(roomId);
  await bob.syncUntil((body) => body.rooms?.join?.[roomId] !== undefined);
  const nothing = await events(bob, '');
  expect(nothing.chunk.filter(({ room_id: id }) => id === roomId)).toEqual([]);
  const said = await alice.say(roomId, 'later');
  let { chunk, end } = await events(bob, `?from=${nothing.end}&timeout=5000`);
  while (!idsOf(chunk).includes(said)) ({ chunk, end } = await events(bob, `?from=${end}&timeout=5000`));
  expect(chunk.find(({ event_id: id }) => id === said)).toMatchObject({ room_id: roomId, sender: alice.userId });
});

test.each(['?from=x', '?timeout=x', '?from=t1_2'])('/events%s is refused', async (query) => {
  const bob = await aClient('bob');
  expect(await bob.ask('GET', `/events${query}`)).toMatchObject({ status: 400, body: { errcode: 'M_INVALID_PARAM' } });
});
