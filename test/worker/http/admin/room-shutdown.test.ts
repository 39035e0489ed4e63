import { env } from 'cloudflare:workers';
import { evictDurableObject } from 'cloudflare:test';
import { afterEach, expect, test } from 'vitest';

import type { RoomId, UserId } from '../../../../src/matrix/ids/brands.ts';
import { aMembership } from '../../../support/worker/a-membership.ts';
import {
  aPeer,
  aRoom,
  federation,
  forgetPeers,
  inRoom,
  joinFrom,
  serverName,
  v3,
} from '../../../support/worker/a-peer.ts';
import { aLoggedInUser, anAdministrator, ask, type TestUser } from '../../../support/worker/ask.ts';
import { eventually } from '../../../support/worker/eventually.ts';

afterEach(forgetPeers);

const bindings = env as unknown as { readonly ROOM: DurableObjectNamespace; readonly DB: D1Database };
const path = (roomId: string) => `/_eyrie/admin/v1/rooms/${encodeURIComponent(roomId)}/shutdown`;

/** Closes a room and waits until nobody is left. */
async function close(token: string, roomId: string, body: object = {}) {
  expect(await ask('POST', path(roomId), { token, body })).toMatchObject({ status: 200 });
  return eventually(async () => {
    const answer = await ask('GET', path(roomId), { token });
    expect(answer.body).toMatchObject({ step: 'done', remaining: 0 });
    return answer.body;
  });
}

const join = ({ token }: TestUser, roomId: string, via?: string) =>
  ask('POST', `${v3}/join/${encodeURIComponent(roomId)}${via === undefined ? '' : `?via=${via}`}`, { token, body: {} });

async function roomsOf({ token }: TestUser) {
  const { body } = await ask('GET', `${v3}/sync`, { token });
  const { join: joined = {}, invite = {} } = (body['rooms'] ?? {}) as Record<string, object>;
  return { joined: Object.keys(joined), invited: Object.keys(invite) };
}

test('closing a room is for administrators, and needs a room that is known', async () => {
  const alice = await aLoggedInUser('alice');
  const { token } = await anAdministrator();
  const roomId = await aRoom(alice, {});
  for (const method of ['POST', 'GET', 'DELETE']) {
    const body = method === 'POST' ? { body: {} } : {};
    expect(await ask(method, path(roomId), { token: alice.token, ...body })).toMatchObject({ status: 403 });
    expect(await ask(method, path('!none:eyrie.test'), { token, ...body })).toMatchObject({ status: 404 });
  }
  expect(await ask('GET', path(roomId), { token })).toMatchObject({ status: 404 });
});

test('users leave a closed room, its names go, and it can be opened', async () => {
  const { token, userId } = await anAdministrator();
  const [alice, bob, carol] = [await aLoggedInUser('alice'), await aLoggedInUser('bob'), await aLoggedInUser('carol')];
  const name = `s${crypto.randomUUID().slice(0, 8)}`;
  const roomId = await aRoom(alice, { room_alias_name: name, visibility: 'public', preset: 'public_chat' });
  await join(bob, roomId);
  await ask('POST', inRoom(roomId, '/invite'), { token: alice.token, body: { user_id: carol.userId } });
  const closed = await close(token, roomId);
  expect(closed).toMatchObject({ by: userId, removed: 3, failed: [], notice_room_id: null });
  for (const user of [alice, bob, carol]) {
    // Shards are told after the room.
    await eventually(async () => {
      const { joined, invited } = await roomsOf(user);
      expect([...joined, ...invited]).not.toContain(roomId);
    });
  }
  const alias = `${v3}/directory/room/${encodeURIComponent(`#${name}:${serverName}`)}`;
  expect(await ask('GET', alias)).toMatchObject({ status: 404 });
  const published = await ask('GET', `${v3}/publicRooms?limit=1000`);
  expect(JSON.stringify(published.body)).not.toContain(roomId);
  expect(await join(bob, roomId)).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  const shown = await ask('GET', `/_eyrie/admin/v1/rooms/${encodeURIComponent(roomId)}`, { token });
  expect(shown.body).toMatchObject({ lifecycle: 'left', shutdown: { step: 'done', removed: 3 } });
  const log = await ask('GET', '/_eyrie/admin/v1/audit-log?action=shutdown_room', { token });
  expect(log.body['entries']).toContainEqual(expect.objectContaining({ user_id: userId }));
  expect(await ask('DELETE', path(roomId), { token })).toMatchObject({ status: 200 });
  expect(await ask('GET', path(roomId), { token })).toMatchObject({ status: 404 });
  // A room that only our users were in stays empty, closed or not.
  expect(await join(bob, roomId)).toMatchObject({ status: 404, body: { errcode: 'M_NOT_FOUND' } });
});

test('other servers are told that our users left, and bring none of them in any more', async () => {
  const { token } = await anAdministrator();
  const alice = await aLoggedInUser('alice');
  const roomId = await aRoom(alice, { preset: 'public_chat' });
  const peer = aPeer();
  await joinFrom(peer, roomId);
  await close(token, roomId);
  await eventually(() =>
    expect(peer.pdus()).toContainEqual(
      expect.objectContaining({
        type: 'm.room.member',
        state_key: alice.userId,
        content: expect.objectContaining({ membership: 'leave' }),
      }),
    ),
  );
  const eve = encodeURIComponent(peer.user('eve'));
  const makeJoin = `${federation}/make_join/${encodeURIComponent(roomId)}/${eve}?ver=11`;
  expect((await peer.ask('GET', makeJoin)).status).toBe(404);
  const invite = aMembership(peer.server, 'invite', { roomId, stateKey: alice.userId });
  const sent = await peer.ask(
    'PUT',
    `/_matrix/federation/v2/invite/${encodeURIComponent(roomId)}/${encodeURIComponent(invite.eventId)}`,
    {
      room_version: '11',
      event: invite.json,
      invite_room_state: [],
    },
  );
  expect(sent).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
});

test('nobody comes in again over another server until the room is opened', async () => {
  const { token } = await anAdministrator();
  const alice = await aLoggedInUser('alice');
  const roomId = await aRoom(alice, { preset: 'public_chat' });
  const peer = aPeer();
  await joinFrom(peer, roomId);
  await close(token, roomId);
  const sender = alice.userId as UserId;
  const { json: event } = aMembership(peer.server, 'join', { roomId, sender, stateKey: sender });
  peer.reply('/_matrix/federation/v1/make_join/', () => ({ room_version: '11', event }));
  const sent = () => peer.received.filter(({ target }) => target.includes('/send_join/')).length;
  const forbidden = { status: 403, body: { errcode: 'M_FORBIDDEN' } };
  expect(await join(alice, roomId, peer.server.name)).toMatchObject(forbidden);
  expect(peer.received.filter(({ target }) => target.includes('/make_join/'))).toEqual([]);
  expect(sent()).toBe(0);
  expect(await ask('DELETE', path(roomId), { token })).toMatchObject({ status: 200 });
  await join(alice, roomId, peer.server.name);
  expect(sent()).toBe(1);
});

test('an invitation to a closed room of another server is rejected, the next one refused, and no knock is sent there', async () => {
  const { token } = await anAdministrator();
  const alice = await aLoggedInUser('alice');
  const peer = aPeer();
  const roomId = `!${crypto.randomUUID()}:${peer.server.name}` as RoomId;
  const invite = () => {
    const member = { roomId, stateKey: alice.userId, originServerTs: Date.now() };
    const { eventId, json } = aMembership(peer.server, 'invite', member);
    const uri = `/_matrix/federation/v2/invite/${encodeURIComponent(roomId)}/${encodeURIComponent(eventId)}`;
    return peer.ask('PUT', uri, { room_version: '11', event: json, invite_room_state: [] });
  };
  expect((await invite()).status).toBe(200);
  await eventually(async () => expect((await roomsOf(alice)).invited).toContain(roomId));
  expect(await close(token, roomId)).toMatchObject({ removed: 1 });
  await eventually(async () => expect((await roomsOf(alice)).invited).not.toContain(roomId));
  await eventually(() =>
    expect(peer.received.map(({ target }) => decodeURIComponent(target))).toContainEqual(
      expect.stringContaining(`/make_leave/${roomId}/`),
    ),
  );
  expect(await invite()).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  peer.reply('/_matrix/federation/v1/make_knock/', () => {
    const sender = alice.userId as UserId;
    const { json } = aMembership(peer.server, 'knock', { roomId, sender, stateKey: sender });
    return { room_version: '11', event: json };
  });
  peer.reply('/_matrix/federation/v1/send_knock/', () => ({ knock_room_state: [] }));
  const knock = `${v3}/knock/${encodeURIComponent(roomId)}?via=${peer.server.name}`;
  expect(await ask('POST', knock, { token: alice.token, body: {} })).toMatchObject({
    status: 403,
    body: { errcode: 'M_FORBIDDEN' },
  });
  // Whoever knocks there and is not shown it here could not take it back.
  expect(peer.received.filter(({ target }) => target.includes('/send_knock/'))).toEqual([]);
});

test('those who are removed are told why in a room of its own', async () => {
  const { token, userId } = await anAdministrator();
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  const roomId = await aRoom(alice, { preset: 'public_chat' });
  await join(bob, roomId);
  const wrong = { notice: { message: 'x', user_id: '@nobody-at-all:eyrie.test' } };
  expect(await ask('POST', path(roomId), { token, body: wrong })).toMatchObject({ status: 400 });
  const { notice_room_id: noticeId } = await close(token, roomId, { notice: { message: 'Against our rules' } });
  const notice = String(noticeId);
  const again = await close(token, roomId, { notice: { message: 'Against our rules' } });
  expect(again).toMatchObject({ notice_room_id: notice });
  for (const user of [alice, bob]) {
    await eventually(async () => expect((await roomsOf(user)).invited).toContain(notice));
    expect(await join(user, notice)).toMatchObject({ status: 200 });
    const { body } = await ask('GET', inRoom(notice, '/messages?dir=b'), { token: user.token });
    expect(body['chunk']).toContainEqual(
      expect.objectContaining({ sender: userId, content: { msgtype: 'm.notice', body: 'Against our rules' } }),
    );
    const say = inRoom(notice, `/send/m.room.message/${crypto.randomUUID()}`);
    expect(await ask('PUT', say, { token: user.token, body: { msgtype: 'm.text', body: 'why' } })).toMatchObject({
      status: 403,
    });
  }
});

test('the closing goes on by itself after the database failed and the object was evicted', async () => {
  const { token } = await anAdministrator();
  const users = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  const [alice, bob] = users as [TestUser, TestUser];
  const roomId = await aRoom(alice, { preset: 'public_chat' });
  await join(bob, roomId);
  await bindings.DB.prepare(
    `create trigger locked before delete on aliases begin select raise(abort, 'locked'); end`,
  ).run();
  await ask('PUT', `${v3}/directory/room/${encodeURIComponent(`#t${crypto.randomUUID().slice(0, 6)}:${serverName}`)}`, {
    token: alice.token,
    body: { room_id: roomId },
  });
  expect(await ask('POST', path(roomId), { token, body: {} })).toMatchObject({ status: 200 });
  const standing = async () => (await ask('GET', path(roomId), { token })).body;
  expect(await standing()).toMatchObject({ step: 'directory', remaining: 2 });
  expect(await join(await aLoggedInUser('late'), roomId)).toMatchObject({ status: 403 });
  await evictDurableObject(bindings.ROOM.getByName(roomId));
  await bindings.DB.prepare('drop trigger locked').run();
  await eventually(async () => expect(await standing()).toMatchObject({ step: 'done', removed: 2, remaining: 0 }));
});
