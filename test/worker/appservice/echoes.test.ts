import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import type { UserId } from '../../../src/matrix/ids/brands.ts';
import { ROOMS_PER_RUN } from '../../../src/user/room-jobs/room-jobs.ts';
import {
  aReceivingAppservice,
  stubAppservices,
  stubAppservicesBeside,
  type ReceivingAppservice,
} from '../../support/worker/a-receiving-appservice.ts';
import { aPeer, forgetPeers, inRoom, joinFrom } from '../../support/worker/a-peer.ts';
import { anOwnedUser, askAs } from '../../support/worker/an-appservice.ts';
import { ask } from '../../support/worker/ask.ts';
import { aClient, type Client } from '../../support/worker/client.ts';
import { eventually } from '../../support/worker/eventually.ts';

beforeAll(stubAppservices);
afterAll(() => vi.restoreAllMocks());

interface Bridged {
  readonly appservice: ReceivingAppservice;
  readonly user: string;
  readonly alice: Client;
  readonly roomId: string;
}

const presence = (userId: string) => `/_matrix/client/v3/presence/${encodeURIComponent(userId)}/status`;

/** Alice and a user of an application service in a room, which has heard of the last that was said there. */
async function aBridgedRoom(changes: object = {}, options: object = {}): Promise<Bridged> {
  const appservice = await aReceivingAppservice({ receive_ephemeral: true, ...changes });
  const user = await anOwnedUser(appservice);
  const alice = await aClient('alice');
  const roomId = await alice.create({ preset: 'public_chat', ...options });
  expect((await askAs(appservice, user, 'POST', inRoom(roomId, '/join'), {})).status).toBe(200);
  await appservice.hears(await alice.say(roomId, 'hello'));
  return { appservice, user, alice, roomId };
}

async function sayAs({ appservice, user, roomId }: Bridged, txnId: string): Promise<string> {
  const path = inRoom(roomId, `/send/m.room.message/${txnId}`);
  const { status, body } = await askAs(appservice, user, 'PUT', path, { msgtype: 'm.text', body: txnId });
  expect(status).toBe(200);
  return String(body['event_id']);
}

const marksOf = (appservice: ReceivingAppservice, eventId: string) => {
  const { unsigned } = appservice.events().find(({ event_id: id }) => id === eventId) ?? {};
  return [unsigned?.['eyrie.appservice_id'], unsigned?.['transaction_id']];
};

test('what an application service did comes back marked, with its transaction ID, and to nobody else so', async () => {
  const bridged = await aBridgedRoom();
  const { appservice, user, alice, roomId } = bridged;
  const other = await aReceivingAppservice({ namespaces: { users: [], aliases: [], rooms: [anyOf(roomId)] } });
  const eventId = await sayAs(bridged, 'message-1');
  const member = inRoom(roomId, `/state/m.room.member/${encodeURIComponent(user)}`);
  const renamed = await askAs(appservice, user, 'PUT', member, { membership: 'join', displayname: 'Bo' });
  expect(renamed.status).toBe(200);
  const after = await alice.say(roomId, 'after');
  await appservice.hears(after);
  await other.hears(after);
  expect(marksOf(appservice, eventId)).toEqual([appservice.id, 'message-1']);
  expect(marksOf(appservice, String(renamed.body['event_id']))).toEqual([appservice.id, undefined]);
  expect(marksOf(appservice, after)).toEqual([undefined, undefined]);
  expect(marksOf(other, eventId)).toEqual([undefined, undefined]);
  const { body } = await alice.inRoom('GET', roomId, `event/${eventId}`);
  expect(JSON.stringify(body)).not.toMatch(/eyrie\.appservice|transaction_id/);
});

const anyOf = (text: string) => ({ exclusive: false, regex: text.replaceAll(/[.$]/g, '.') });

test('a room that it makes, and the new name of a user in it, come back marked', async () => {
  const appservice = await aReceivingAppservice();
  const user = await anOwnedUser(appservice);
  const made = await askAs(appservice, user, 'POST', '/_matrix/client/v3/createRoom', { name: 'Bridged' });
  const name = `/_matrix/client/v3/profile/${encodeURIComponent(user)}/displayname`;
  expect((await askAs(appservice, user, 'PUT', name, { displayname: 'Bo' })).status).toBe(200);
  await eventually(() => expect(appservice.events().at(-1)?.content).toMatchObject({ displayname: 'Bo' }));
  const events = appservice.events().filter(({ room_id: roomId }) => roomId === made.body['room_id']);
  expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['m.room.create', 'm.room.name']));
  for (const { unsigned } of events) expect(unsigned).toMatchObject({ 'eyrie.appservice_id': appservice.id });
});

test('the new name of a user in more rooms than are told at once comes back marked from each', async () => {
  const appservice = await aReceivingAppservice();
  const user = await anOwnedUser(appservice);
  const rooms: unknown[] = [];
  for (let n = 0; n <= ROOMS_PER_RUN; n += 1) {
    rooms.push((await askAs(appservice, user, 'POST', '/_matrix/client/v3/createRoom', {})).body['room_id']);
  }
  const name = `/_matrix/client/v3/profile/${encodeURIComponent(user)}/displayname`;
  expect((await askAs(appservice, user, 'PUT', name, { displayname: 'Bo' })).status).toBe(200);
  const renamed = await eventually(() => {
    const found = appservice.events().filter(({ content }) => content['displayname'] === 'Bo');
    expect(new Set(found.map(({ room_id: roomId }) => roomId))).toEqual(new Set(rooms));
    return found;
  });
  expect(new Set(renamed.map(({ unsigned }) => unsigned?.['eyrie.appservice_id']))).toEqual(new Set([appservice.id]));
});

test('with eyrie.echo "drop" what it did does not come back, and what others did does', async () => {
  const bridged = await aBridgedRoom({ 'eyrie.echo': 'drop' });
  const eventId = await sayAs(bridged, 'message-1');
  const events = await bridged.appservice.hears(await bridged.alice.say(bridged.roomId, 'after'));
  expect(events.map(({ event_id: id }) => id)).not.toContain(eventId);
});

test('typing, receipts and presence that it changed itself are not sent to it, and what others change is', async () => {
  const { appservice, user, alice, roomId } = await aBridgedRoom();
  const eventId = await alice.say(roomId, 'read this');
  const typing = inRoom(roomId, `/typing/${encodeURIComponent(user)}`);
  expect((await askAs(appservice, user, 'PUT', typing, { typing: true, timeout: 30_000 })).status).toBe(200);
  expect((await askAs(appservice, user, 'POST', inRoom(roomId, `/receipt/m.read/${eventId}`), {})).status).toBe(200);
  expect((await askAs(appservice, user, 'PUT', presence(user), { presence: 'online' })).status).toBe(200);
  await alice.inRoom('POST', roomId, `receipt/m.read/${eventId}`, {});
  await alice.inRoom('PUT', roomId, `typing/${encodeURIComponent(alice.userId)}`, { typing: true, timeout: 30_000 });
  await alice.ask('PUT', `/presence/${encodeURIComponent(alice.userId)}/status`, { presence: 'unavailable' });
  const seen = (type: string) => appservice.ephemeral().filter((one) => one.type === type);
  await eventually(() => {
    expect(seen('m.presence').map(({ content }) => content['presence'])).toContain('unavailable');
    expect(seen('m.receipt')).toHaveLength(1);
    expect(seen('m.typing')).toHaveLength(1);
  });
  expect(seen('m.typing')[0]?.content['user_ids']).toEqual(expect.arrayContaining([user, alice.userId]));
  expect(JSON.stringify(seen('m.receipt'))).not.toContain(user);
  expect(seen('m.presence').map(({ sender }) => sender)).not.toContain(user);
});

test('private receipts are told to whose user it is, and to no other application service', async () => {
  const { appservice, user, alice, roomId } = await aBridgedRoom();
  const other = await aReceivingAppservice({ receive_ephemeral: true });
  const otherUser = await anOwnedUser(other);
  expect((await askAs(other, otherUser, 'POST', inRoom(roomId, '/join'), {})).status).toBe(200);
  const eventId = await alice.say(roomId, 'read this');
  await alice.inRoom('POST', roomId, `receipt/m.read.private/${eventId}`, {});
  const login = { type: 'm.login.application_service', identifier: { type: 'm.id.user', user } };
  const session = await ask('POST', '/_matrix/client/v3/login', { token: appservice.asToken, body: login });
  const token = String(session.body['access_token']);
  await ask('POST', inRoom(roomId, `/receipt/m.read.private/${eventId}`), { token, body: {} });
  await alice.inRoom('POST', roomId, `receipt/m.read/${eventId}`, {});
  const receipts = (of: ReceivingAppservice) => of.ephemeral().filter(({ type }) => type === 'm.receipt');
  await eventually(() => {
    expect(receipts(other).map(({ content }) => Object.keys(content[eventId] as object))).toContainEqual(['m.read']);
    expect(receipts(appservice)).toContainEqual({
      type: 'm.receipt',
      room_id: roomId,
      content: { [eventId]: { 'm.read.private': { [user]: { ts: expect.any(Number) as unknown } } } },
    });
  });
  expect(JSON.stringify(receipts(other))).not.toContain('m.read.private');
  expect(JSON.stringify(receipts(appservice))).not.toContain(`"m.read.private":{"${alice.userId}"`);
});

test('a state that is current again after a merge, without a new event, is sent again and says so', async () => {
  const peer = aPeer();
  const toPeers = vi.mocked(globalThis.fetch).getMockImplementation();
  if (toPeers !== undefined) stubAppservicesBeside(toPeers);
  const { appservice, alice, roomId } = await aBridgedRoom({}, { room_version: '11', topic: 'first' });
  const eve = await joinFrom(peer, roomId as typeof eve.roomId);
  const mallory = await joinFrom(peer, roomId as typeof eve.roomId, 'mallory');
  const levels = { state_default: 0, users: { [alice.userId]: 100, [eve.userId]: 50 } };
  expect((await alice.inRoom('PUT', roomId, 'state/m.room.power_levels', levels)).status).toBe(200);
  const [before] = await topicsOf(appservice, 'first');
  const state = await alice.inRoom('GET', roomId, 'state');
  const idOf = (type: string, key: string) =>
    (state.body as unknown as { type: string; state_key: string; event_id: string }[]).find(
      (event) => event.type === type && event.state_key === key,
    )?.event_id as typeof eve.join.eventId;
  const authOf = (sender: UserId) => [
    idOf('m.room.create', ''),
    idOf('m.room.power_levels', ''),
    idOf('m.room.member', sender),
  ];
  const parent = { prevEvents: [idOf('m.room.power_levels', '')], depth: mallory.last.depth + 2 };
  const topic = mallory.event({
    ...parent,
    type: 'm.room.topic',
    stateKey: '',
    content: { topic: 'second' },
    authEvents: authOf(mallory.userId),
  });
  const ban = eve.event({
    ...parent,
    type: 'm.room.member',
    stateKey: mallory.userId,
    content: { membership: 'ban' },
    authEvents: [...authOf(eve.userId), idOf('m.room.member', mallory.userId)],
  });
  expect(await peer.push(topic.json)).toEqual({ [topic.eventId]: {} });
  await appservice.hears(topic.eventId);
  expect(await peer.push(ban.json)).toEqual({ [ban.eventId]: {} });
  await appservice.hears(ban.eventId);
  const resolved = await eventually(() => {
    const [found] = appservice.events().filter(({ unsigned }) => unsigned?.['eyrie.resolved'] === true);
    if (found === undefined) throw new Error('it was not sent again');
    return found;
  });
  expect(resolved).toMatchObject({
    event_id: before?.event_id ?? idOf('m.room.topic', ''),
    type: 'm.room.topic',
    content: { topic: 'first' },
    unsigned: { 'eyrie.resolved': true, replaces_state: topic.eventId, prev_content: { topic: 'second' } },
  });
  forgetPeers();
});

const topicsOf = async (appservice: ReceivingAppservice, topic: string) =>
  appservice.events().filter(({ type, content }) => type === 'm.room.topic' && content['topic'] === topic);
