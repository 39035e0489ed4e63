import { expect, test } from 'vitest';

import { aClient, type Client, type SyncBody } from '../../../support/worker/client.ts';

interface Notified {
  readonly room_id: string;
  readonly ts: number;
  readonly actions: readonly unknown[];
  readonly read: boolean;
  readonly event: { readonly event_id: string; readonly sender: string; readonly content: { readonly body?: string } };
}

async function page(client: Client, query: Record<string, string> = {}) {
  const { status, body } = await client.ask('GET', `/notifications?${new URLSearchParams(query).toString()}`);
  expect({ status, body }).toMatchObject({ status: 200 });
  return {
    notifications: body['notifications'] as readonly Notified[],
    next: body['next_token'] as string | undefined,
  };
}

async function send(client: Client, roomId: string, body: string, more: object = {}): Promise<string> {
  const path = `send/m.room.message/${crypto.randomUUID()}`;
  const content = { msgtype: 'm.text', body, ...more };
  return String((await client.inRoom('PUT', roomId, path, content)).body['event_id']);
}

async function theyHave(client: Client, roomId: string, eventId: string): Promise<void> {
  const has = (body: SyncBody) =>
    body.rooms?.join?.[roomId]?.timeline.events.some((event) => event.event_id === eventId) === true;
  await client.syncUntil(has);
}

const bodiesOf = (notifications: readonly Notified[]) => notifications.map(({ event }) => event.content.body);

test('notifications of all rooms come newest first, with what they are and whether they were read', async () => {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const [one, two] = [await alice.create(), await alice.create()];
  await send(alice, one, 'before Bob came');
  for (const room of [one, two]) await bob.join(room);
  const first = await send(alice, one, 'first');
  await send(alice, two, 'you', { 'm.mentions': { user_ids: [bob.userId] } });
  await send(bob, two, 'own');
  await send(alice, one, 'a notice', { msgtype: 'm.notice' });
  await theyHave(bob, one, await send(alice, one, 'last'));
  await bob.inRoom('POST', one, `receipt/m.read/${first}`, {});
  const { notifications, next } = await page(bob);
  expect(next).toBe(undefined);
  expect(bodiesOf(notifications)).toEqual(['last', 'you', 'first']);
  expect(notifications.map(({ room_id: room, read }) => [room, read])).toEqual([
    [one, false],
    [two, false],
    [one, true],
  ]);
  expect(notifications[1]).toEqual({
    room_id: two,
    ts: expect.any(Number),
    read: false,
    actions: ['notify', { set_tweak: 'sound', value: 'default' }, { set_tweak: 'highlight' }],
    event: expect.objectContaining({ type: 'm.room.message', sender: alice.userId }),
  });
  expect(notifications[1]?.event).not.toHaveProperty('room_id');
  expect(bodiesOf((await page(bob, { only: 'highlight' })).notifications)).toEqual(['you']);
  expect((await page(await aClient('carl'))).notifications).toEqual([]);
});

test('pages follow on each other without a gap, whatever room moved last', async () => {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const rooms = await Promise.all(Array.from({ length: 3 }, () => alice.create()));
  for (const room of rooms) await bob.join(room);
  const sent: string[] = [];
  for (let n = 0; n < 11; n += 1) {
    sent.unshift(`message ${n}`);
    const room = rooms[n % 7 === 0 ? 2 : n % 2] ?? '';
    await theyHave(bob, room, await send(alice, room, `message ${n}`));
  }
  const seen: (string | undefined)[] = [];
  let from: string | undefined;
  do {
    const { notifications, next } = await page(bob, { limit: '3', ...(from === undefined ? {} : { from }) });
    expect(notifications.length).toBeLessThanOrEqual(3);
    seen.push(...bodiesOf(notifications));
    from = next;
  } while (from !== undefined);
  expect(seen).toEqual(sent);
});

test('muted rooms, ignored users and rooms that were left are not in the list', async () => {
  const [alice, bob, eve] = [await aClient('alice'), await aClient('bob'), await aClient('eve')];
  const [muted, heard, left] = [await alice.create(), await alice.create(), await alice.create()];
  for (const room of [muted, heard, left]) await bob.join(room);
  await eve.join(heard);
  await bob.ask('PUT', `/pushrules/global/room/${encodeURIComponent(muted)}`, { actions: [] });
  await bob.ask('PUT', `/user/${encodeURIComponent(bob.userId)}/account_data/m.ignored_user_list`, {
    ignored_users: { [eve.userId]: {} },
  });
  await send(alice, muted, 'muted');
  await send(alice, left, 'left');
  await bob.inRoom('POST', left, 'leave', {});
  await send(eve, heard, 'ignored');
  await theyHave(bob, heard, await send(alice, heard, 'heard'));
  expect(bodiesOf((await page(bob)).notifications)).toEqual(['heard']);
});

test('an invitation is in the list until it is answered, but not one that is not wanted', async () => {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const [joined, invited] = [await alice.create(), await alice.create({ invite: [bob.userId] })];
  await bob.join(joined);
  await bob.syncUntil((body) => body.rooms?.invite?.[invited] !== undefined);
  await theyHave(bob, joined, await send(alice, joined, 'later'));
  const { notifications } = await page(bob);
  expect(notifications.map(({ room_id: room }) => room)).toEqual([joined, invited]);
  expect(notifications[1]).toMatchObject({
    read: false,
    actions: ['notify', { set_tweak: 'sound', value: 'default' }],
    event: { type: 'm.room.member', state_key: bob.userId, sender: alice.userId, content: { membership: 'invite' } },
  });
  const first = await page(bob, { limit: '1' });
  const rest = await page(bob, { from: first.next ?? '' });
  expect(rest.notifications.map(({ room_id: room }) => room)).toEqual([invited]);
  const permission = `/user/${encodeURIComponent(bob.userId)}/account_data/m.invite_permission_config`;
  await bob.ask('PUT', permission, { default_action: 'block' });
  expect(bodiesOf((await page(bob)).notifications)).toEqual(['later']);
  await bob.ask('PUT', permission, {});
  await bob.inRoom('POST', invited, 'leave', {});
  expect(bodiesOf((await page(bob)).notifications)).toEqual(['later']);
});

test.each(['from=x', 'from=n1_1_x', 'limit=0', 'limit=x'])('%s is refused', async (query) => {
  const bob = await aClient('bob');
  expect(await bob.ask('GET', `/notifications?${query}`)).toMatchObject({
    status: 400,
    body: { errcode: 'M_INVALID_PARAM' },
  });
});

test('a limit of more than a hundred is one of a hundred', async () => {
  const bob = await aClient('bob');
  expect((await page(bob, { limit: '1000000' })).notifications).toEqual([]);
});
