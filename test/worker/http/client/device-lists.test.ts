import { expect, test, vi } from 'vitest';

import { anAdministrator, ask } from '../../../support/worker/ask.ts';
import { aClient, type Client, type SyncBody } from '../../../support/worker/client.ts';
import { aClientElsewhere, anotherDevice, publishKeys } from '../../../support/worker/device-keys.ts';
import { sliderOf } from '../../../support/worker/sliding.ts';

vi.setConfig({ testTimeout: 20_000 });

const inChanged = (userId: string) => (body: SyncBody) => body.device_lists?.changed.includes(userId) === true;
const inLeft = (userId: string) => (body: SyncBody) => body.device_lists?.left.includes(userId) === true;

/** A token that knows of everything that was done until now, as far as a message said last is known by it. */
async function tokenAfter(client: Client, roomId: string, says: Client = client): Promise<string> {
  return tokenWith(client, roomId, await says.say(roomId, 'by now'));
}

async function tokenWith(client: Client, roomId: string, last: string): Promise<string> {
  const body = await client.syncUntil(
    ({ rooms }) => rooms?.join?.[roomId]?.timeline.events.some(({ event_id: id }) => id === last) === true,
  );
  return body.next_batch;
}

async function twoInARoom(bob: Client) {
  const alice = await aClient('alice');
  const roomId = await alice.create();
  await bob.join(roomId);
  return { alice, bob, roomId, since: await tokenAfter(alice, roomId, bob) };
}

test.each([
  ['of the same shard', () => aClient('bob')],
  ['of another shard', aClientElsewhere],
])(
  'who shares a room with a user %s hears of a new device, of other keys and of a device that went',
  async (_, make) => {
    const { alice, bob, since } = await twoInARoom(await make());
    const stranger = await aClient();
    const before = (await stranger.sync()).next_batch;
    const device = await anotherDevice(bob);
    const added = await alice.syncUntil(inChanged(bob.userId), { since });
    expect(added.device_lists).toEqual({ changed: [bob.userId], left: [] });
    await publishKeys(device);
    const other = await alice.syncUntil(inChanged(bob.userId), { since: added.next_batch });
    await device.ask('POST', '/logout', {});
    const gone = await alice.syncUntil(inChanged(bob.userId), { since: other.next_batch });
    expect((await alice.sync({ since: gone.next_batch })).device_lists).toBeUndefined();
    expect((await stranger.sync({ since: before })).device_lists).toBeUndefined();
  },
);

test('a poll that waits ends with it, and the own devices of a user are told to each other', async () => {
  const { alice, bob, roomId } = await twoInARoom(await aClientElsewhere());
  const poll = { timeout: '20000', filter: { presence: { types: [] } } };
  const last = await bob.say(roomId, 'by now');
  const [since, ownSince] = [await tokenWith(alice, roomId, last), await tokenWith(bob, roomId, last)];
  const [waiting, ownWaiting] = [alice.sync({ ...poll, since }), bob.sync({ ...poll, since: ownSince })];
  await anotherDevice(bob);
  expect((await waiting).device_lists).toEqual({ changed: [bob.userId], left: [] });
  expect((await ownWaiting).device_lists).toEqual({ changed: [bob.userId], left: [] });
});

test('a name of a device that has keys is news, and one of a device without keys is none', async () => {
  const { alice, bob, roomId, since } = await twoInARoom(await aClient());
  const name = (client: Client) => client.ask('PUT', `/devices/${client.deviceId}`, { display_name: 'phone' });
  await name(bob);
  const next = await tokenAfter(alice, roomId);
  expect((await alice.sync({ since })).device_lists).toBeUndefined();
  await publishKeys(bob);
  const published = await alice.syncUntil(inChanged(bob.userId), { since: next });
  await name(bob);
  await alice.syncUntil(inChanged(bob.userId), { since: published.next_batch });
});

test('with a join each side hears of the other, and with the leave of the last shared room each has lost the other', async () => {
  const [alice, bob] = [await aClient('alice'), await aClientElsewhere()];
  const [one, two] = [await alice.create(), await alice.create()];
  const aliceSince = await tokenAfter(alice, two);
  const bobSince = (await bob.sync()).next_batch;
  await bob.join(one);
  const met = await alice.syncUntil(inChanged(bob.userId), { since: aliceSince });
  const bobMet = await bob.syncUntil(inChanged(alice.userId), { since: bobSince });
  await bob.join(two);
  const both = await tokenAfter(alice, two, bob);
  expect((await alice.sync({ since: met.next_batch })).device_lists?.left ?? []).toEqual([]);
  const bobBoth = await tokenAfter(bob, two, alice);
  await bob.inRoom('POST', one, 'leave', {});
  const half = await tokenAfter(alice, two, bob);
  expect((await alice.sync({ since: both })).device_lists).toBeUndefined();
  expect((await bob.sync({ since: bobBoth })).device_lists).toBeUndefined();
  await bob.inRoom('POST', two, 'leave', {});
  const parted = await alice.syncUntil(inLeft(bob.userId), { since: half });
  expect(parted.device_lists).toEqual({ changed: [], left: [bob.userId] });
  const bobParted = await bob.syncUntil(inLeft(alice.userId), { since: bobBoth });
  expect(bobParted.device_lists).toEqual({ changed: [], left: [alice.userId] });
  // What happens from here on is none of theirs.
  await publishKeys(bob);
  await tokenAfter(alice, one);
  expect((await alice.sync({ since: parted.next_batch })).device_lists).toBeUndefined();
  expect(bobMet.device_lists?.left).toEqual([]);
});

test('who leaves, takes another device and comes back is asked for keys anew', async () => {
  const { alice, bob, roomId, since } = await twoInARoom(await aClientElsewhere());
  await bob.inRoom('POST', roomId, 'leave', {});
  await publishKeys(bob);
  await bob.join(roomId);
  await tokenAfter(alice, roomId, bob);
  expect((await alice.sync({ since })).device_lists).toEqual({ changed: [bob.userId], left: [] });
});

test('an invitation is news, since messages are encrypted for who is invited; another name is none', async () => {
  const [alice, bob] = [await aClient('alice'), await aClientElsewhere()];
  const roomId = await alice.create({ preset: 'private_chat' });
  const since = await tokenAfter(alice, roomId);
  await alice.inRoom('POST', roomId, 'invite', { user_id: bob.userId });
  const invited = await alice.syncUntil(inChanged(bob.userId), { since });
  await publishKeys(bob);
  const published = await alice.syncUntil(inChanged(bob.userId), { since: invited.next_batch });
  await bob.join(roomId);
  const joined = await alice.syncUntil(inChanged(bob.userId), { since: published.next_batch });
  const path = `state/m.room.member/${encodeURIComponent(bob.userId)}`;
  await bob.inRoom('PUT', roomId, path, { membership: 'join', displayname: 'Bob' });
  await tokenAfter(alice, roomId, bob);
  expect((await alice.sync({ since: joined.next_batch })).device_lists).toBeUndefined();
});

test('after an absence the changes since a token are asked for', async () => {
  const { alice, bob, roomId, since } = await twoInARoom(await aClientElsewhere());
  await publishKeys(bob);
  const { next_batch: to } = await alice.syncUntil(inChanged(bob.userId), { since });
  const changes = async (from: string) => {
    const query = new URLSearchParams({ from, to }).toString();
    return (await alice.ask('GET', `/keys/changes?${query}`)).body;
  };
  expect(await changes(since)).toEqual({ changed: [bob.userId], left: [] });
  expect(await changes(to)).toEqual({ changed: [], left: [] });
  await bob.inRoom('POST', roomId, 'leave', {});
  await alice.syncUntil(inLeft(bob.userId), { since: to });
  expect(await changes(since)).toEqual({ changed: [], left: [bob.userId] });
  expect(await alice.ask('GET', '/keys/changes?from=nonsense&to=x')).toMatchObject({ status: 400 });
  expect(await alice.ask('GET', `/keys/changes?from=${since}`)).toMatchObject({ status: 400 });
});

test('sliding sync tells of them in the extension that was switched on, and again where an answer was lost', async () => {
  const { alice, bob } = await twoInARoom(await aClientElsewhere());
  const slider = sliderOf(alice);
  const body = { extensions: { e2ee: { enabled: true } } };
  expect((await slider.next(body)).extensions['e2ee']).toMatchObject({ device_lists: { changed: [], left: [] } });
  const before = slider.pos;
  await publishKeys(bob);
  const isTold = (answer: { readonly extensions: Readonly<Record<string, Record<string, unknown>>> }) =>
    JSON.stringify(answer.extensions['e2ee']?.['device_lists']) === JSON.stringify({ changed: [bob.userId], left: [] });
  await slider.until(body, isTold);
  expect(isTold(await slider.next(body))).toBe(false);
  slider.pos = before;
  expect(isTold(await slider.next(body))).toBe(true);
});

test('a token of before a restore is answered with everybody, of whose changes nothing may be known any more', async () => {
  const { alice, bob, since } = await twoInARoom(await aClientElsewhere());
  const { token } = await anAdministrator();
  expect(await ask('POST', '/_eyrie/admin/v1/restored', { token })).toMatchObject({ status: 200 });
  const { device_lists: told } = await alice.sync({ since });
  expect(told?.changed.toSorted()).toEqual([alice.userId, bob.userId].toSorted());
  expect((await alice.sync()).device_lists).toBeUndefined();
});
