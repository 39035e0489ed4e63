import { afterEach, beforeEach, expect, test } from 'vitest';

import { aPeer, aRoom, forgetPeers, inRoom, joinFrom, say } from '../../../../support/worker/a-peer.ts';
import { admin, aWorkspace, inPath } from '../../../../support/worker/a-workspace.ts';
import { anOwnedUser, askAs, type TestAppservice } from '../../../../support/worker/an-appservice.ts';
import { aLoggedInUser, anAdministrator, ask, type TestUser } from '../../../../support/worker/ask.ts';
import { eventually } from '../../../../support/worker/eventually.ts';

let alice: TestUser;
let workspace: TestAppservice;
let member: string;
let admins: string;

beforeEach(async () => {
  alice = await aLoggedInUser('alice');
  workspace = await aWorkspace();
  member = await anOwnedUser(workspace, 'member');
  admins = (await anAdministrator()).token;
});
afterEach(forgetPeers);

const get = (eventId: string, rest = '', token = workspace.asToken) =>
  ask('GET', admin(`/events/${inPath(eventId)}${rest}`), { token });
const inTheRoom = (roomId: string) => `room_id=${inPath(roomId)}`;
/** The room of an event is found by it once the projection has it. */
const found = (eventId: string, rest = '', token = workspace.asToken) =>
  eventually(async () => {
    const answer = await get(eventId, rest, token);
    expect(answer.status).toBe(200);
    return answer.body;
  });
const enter = (roomId: string) => askAs(workspace, member, 'POST', inRoom(roomId, '/join'), {});
const unknown = { status: 404, body: { errcode: 'M_NOT_FOUND' } };

test('an event is found by its ID, as clients and as servers get it', async () => {
  const roomId = await aRoom(alice);
  await enter(roomId);
  const eventId = await say(alice, roomId, 'hello');
  const told = { event_id: eventId, room_id: roomId, room_version: '11', status: 'accepted' };
  const content = { msgtype: 'm.text', body: 'hello' };
  const shown = { type: 'm.room.message', room_id: roomId, sender: alice.userId, content };
  expect(await found(eventId)).toEqual({
    ...told,
    received_ts: expect.any(Number),
    event: { ...shown, event_id: eventId, origin_server_ts: expect.any(Number) },
  });
  const pdu = await found(eventId, '?format=pdu');
  expect(pdu).toMatchObject({ ...told, event: { ...shown, depth: expect.any(Number), hashes: expect.any(Object) } });
  expect(pdu['event']).toMatchObject({ prev_events: expect.any(Array), auth_events: expect.any(Array) });
  expect(pdu['event']).not.toHaveProperty('event_id');
});

test('a redacted event is shown as what is left of it', async () => {
  const roomId = await aRoom(alice);
  await enter(roomId);
  const eventId = await say(alice, roomId, 'secret');
  await ask('PUT', inRoom(roomId, `/redact/${inPath(eventId)}/r`), { token: alice.token, body: {} });
  expect(await found(eventId, '', admins)).toMatchObject({ event: { content: {} } });
});

test('of an event that was rejected the reason is told', async () => {
  const roomId = await aRoom(alice);
  await enter(roomId);
  const eve = await joinFrom(aPeer(), roomId);
  const forbidden = eve.event({ type: 'm.room.name', stateKey: '', content: { name: 'Mine' } });
  await eve.peer.push(forbidden.json);
  const told = { status: 'rejected', reason: expect.any(String), event: { content: { name: 'Mine' } } };
  expect(await get(forbidden.eventId, `?${inTheRoom(roomId)}`)).toMatchObject({ status: 200, body: told });
  // Nobody knows the room of such an event: it is looked for where something happened last.
  await found(await say(alice, roomId, 'hello'));
  for (const token of [admins, workspace.asToken]) {
    expect(await get(forbidden.eventId, '', token)).toMatchObject({ status: 200, body: { room_id: roomId, ...told } });
  }
  const stranger = await aWorkspace();
  expect(await get(forbidden.eventId, '', stranger.asToken)).toMatchObject(unknown);
});

test('the state is that before the event, or after it, whole or of one key', async () => {
  const roomId = await aRoom(alice, { name: 'Old' });
  await enter(roomId);
  const renamed = await ask('PUT', inRoom(roomId, '/state/m.room.name/'), {
    token: alice.token,
    body: { name: 'New' },
  });
  const eventId = String(renamed.body['event_id']);
  await ask('PUT', inRoom(roomId, '/state/m.room.name/'), { token: alice.token, body: { name: 'Newest' } });
  const names = async (at: string) =>
    (await found(eventId, `/state?at=${at}&type=m.room.name&state_key=`))['state'] as { content: object }[];
  expect((await names('before')).map(({ content }) => content)).toEqual([{ name: 'Old' }]);
  expect((await names('after')).map(({ content }) => content)).toEqual([{ name: 'New' }]);
  const whole = await found(eventId, '/state');
  expect(whole).toMatchObject({ event_id: eventId, room_id: roomId, at: 'before' });
  const keys = (whole['state'] as { type: string; state_key: string }[]).map(({ type, state_key: key }) => [type, key]);
  expect(keys).toEqual(
    expect.arrayContaining([
      ['m.room.create', ''],
      ['m.room.member', member],
    ]),
  );
  const members = (await found(eventId, '/state?type=m.room.member'))['state'] as { state_key: string }[];
  expect(members.map(({ state_key: key }) => key).toSorted()).toEqual([alice.userId, member].toSorted());
});

test('a workspace sees no event that none of its users may see, nor of a room that none is in', async () => {
  const roomId = await aRoom(alice, {
    initial_state: [{ type: 'm.room.history_visibility', state_key: '', content: { history_visibility: 'joined' } }],
  });
  const before = await say(alice, roomId, 'before');
  await found(before, '', admins);
  for (const rest of ['', `?${inTheRoom(roomId)}`, '/state', `/state?${inTheRoom(roomId)}`]) {
    expect(await get(before, rest)).toMatchObject(unknown);
  }
  await enter(roomId);
  const after = await say(alice, roomId, 'after');
  await found(after);
  expect(await get(before)).toMatchObject(unknown);
  expect(await get(before, '/state')).toMatchObject(unknown);
  await askAs(workspace, member, 'POST', inRoom(roomId, '/leave'), {});
  expect(await get(after)).toMatchObject(unknown);
});

test('where the state at an event is not held, that is told', async () => {
  const peer = aPeer();
  const elsewhere = await aRoom(alice);
  const eve = await joinFrom(peer, elsewhere);
  const roomId = `!there:${peer.server.name}`;
  const membership = { membership: 'invite' };
  const invite = eve.event({
    roomId: roomId as never,
    type: 'm.room.member',
    stateKey: member,
    content: membership,
  });
  const path = `/_matrix/federation/v2/invite/${inPath(roomId)}/${inPath(invite.eventId)}`;
  const create = { type: 'm.room.create', sender: eve.userId, state_key: '', content: { room_version: '11' } };
  const put = await peer.ask('PUT', path, { room_version: '11', event: invite.json, invite_room_state: [create] });
  expect(put).toMatchObject({ status: 200 });
  expect(await get(invite.eventId, `?${inTheRoom(roomId)}`, admins)).toMatchObject({
    status: 200,
    body: { status: 'outlier', event: { content: membership } },
  });
  expect(await get(invite.eventId, `/state?${inTheRoom(roomId)}`, admins)).toMatchObject({
    status: 404,
    body: { errcode: 'M_NOT_FOUND', reason: 'state-unknown' },
  });
  expect(await found(invite.eventId)).toMatchObject({ status: 'outlier', room_id: roomId });
  const stranger = await aWorkspace();
  expect(await get(invite.eventId, `?${inTheRoom(roomId)}`, stranger.asToken)).toMatchObject(unknown);
});

test('an invitation into a room that none of its users is in is shown to a workspace, and no state of the room', async () => {
  const roomId = await aRoom(alice, { preset: 'private_chat', invite: [member] });
  const state = await ask('GET', inRoom(roomId, '/state'), { token: alice.token });
  const invite = (state.body as unknown as { event_id: string; state_key?: string }[]).find(
    ({ state_key: key }) => key === member,
  );
  const eventId = String(invite?.event_id);
  expect(await found(eventId, '?format=pdu')).toMatchObject({ status: 'accepted', event: { state_key: member } });
  expect(await get(eventId, '/state')).toMatchObject(unknown);
  const stranger = await aWorkspace();
  expect(await get(eventId, '', stranger.asToken)).toMatchObject(unknown);
});

test('what is no event is not found, and what is asked wrongly is refused', async () => {
  const roomId = await aRoom(alice);
  await enter(roomId);
  const eventId = await say(alice, roomId, 'hello');
  await found(eventId);
  for (const id of ['$nothing', 'nothing']) expect(await get(id)).toMatchObject(unknown);
  expect(await get(eventId, '?room_id=!nothing:eyrie.test')).toMatchObject(unknown);
  for (const rest of ['?format=xml', '/state?at=now']) {
    expect(await get(eventId, rest)).toMatchObject({ status: 400, body: { errcode: 'M_INVALID_PARAM' } });
  }
});
