import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import images from '../fixtures/images/images.json' with { type: 'json' };
import { eyrieAdministrator } from '../support/node/eyrie-homeserver.ts';
import { freePorts } from '../support/node/free-ports.ts';
import { type ClientEvent, MatrixClient } from '../support/node/matrix-client.ts';
import { until } from '../support/node/until.ts';
import type { FollowingClient } from './support/following-client.ts';
import { usePair } from './support/pair.ts';
import { WorkspaceProcess, type WorkspaceUser } from './support/workspace-process.ts';

/** The example of `examples/workspace` at an Eyrie, and a user of a Synapse. */
const pair = usePair({ software: { first: 'eyrie', second: 'synapse' } });

let administrator: MatrixClient;
let workspace: WorkspaceProcess;
let alice: WorkspaceUser;
let bob: FollowingClient;
/** made by alice, and bob is in it */
let room: string;

const encoded = encodeURIComponent;

beforeAll(async () => {
  administrator = await eyrieAdministrator(pair.server('first'));
  workspace = await WorkspaceProcess.start(pair.server('first'), join(pair.directory, 'workspace'));
  await register();
  [alice, bob] = await Promise.all([workspace.person('alice'), pair.user('second', 'bob')]);
  room = await sharedRoom();
});
afterAll(() => workspace.kill());

/** Has Eyrie take what the workspace wrote, as an administrator. */
const register = () => administrator.request('PUT', '/_eyrie/admin/v1/appservices/workspace', workspace.registration());

/** A room of alice that bob has joined. */
async function sharedRoom(body: object = { name: 'Nest' }): Promise<string> {
  const { room: made } = await alice.call<{ room: string }>('POST', '/rooms', { ...body, invite: [bob.userId] });
  await bob.seesInvite(made);
  await bob.join(made);
  await alice.seesRoom(made, 'bob', ({ members }) => {
    return members.some(({ user_id: user, membership }) => user === bob.userId && membership === 'join');
  });
  return made;
}

async function heard(eventId: string | null): Promise<ClientEvent> {
  await bob.seesEvent(room, eventId ?? '');
  return bob.event(room, eventId ?? '');
}

function redact(client: FollowingClient, eventId: string): Promise<unknown> {
  return client.request('PUT', `/rooms/${encoded(room)}/redact/${encoded(eventId)}/${client.nextTxnId()}`, {});
}

async function upload(client: FollowingClient, bytes: Buffer<ArrayBuffer>): Promise<string> {
  const headers = { 'content-type': 'text/plain' };
  const made = await client.request<{ content_uri: string }>('POST', '/_matrix/media/v3/upload', bytes, { headers });
  return made.content_uri;
}

/** Downloads a file as bob. */
async function download(uri: string): Promise<[number, Buffer]> {
  const url = `${bob.baseUrl}/_matrix/client/v1/media/download/${uri.slice('mxc://'.length)}`;
  const answer = await fetch(url, { headers: { authorization: `Bearer ${bob.accessToken}` } });
  return [answer.status, Buffer.from(await answer.arrayBuffer())];
}

const relating = (relType: string, eventId: string, more: object): Record<string, unknown> => ({
  msgtype: 'm.text',
  body: 'related',
  'm.relates_to': { rel_type: relType, event_id: eventId },
  ...more,
});

test('messages go both ways, each once', async () => {
  const said = await alice.say(room, { text: 'Hello from the workspace' });
  expect(said).toMatchObject({ state: 'sent', sender: alice.userId });
  expect((await heard(said.event_id)).content).toMatchObject({ msgtype: 'm.text', body: 'Hello from the workspace' });
  const answered = await bob.send(room, 'Hello from Synapse');
  expect(await alice.sees(answered, 'the answer')).toMatchObject({ sender: bob.userId, text: 'Hello from Synapse' });
  const texts = (await alice.messages(room)).map(({ text }) => text);
  expect(texts.filter((text) => text.startsWith('Hello'))).toEqual(['Hello from the workspace', 'Hello from Synapse']);
});

test('edits and deletions go both ways', async () => {
  const said = await alice.say(room, { text: 'cake' });
  await alice.call('PUT', `/messages/${said.id}`, { text: 'good cake' });
  await until('the edit at Synapse', async () => {
    const { unsigned } = await bob.event(room, said.event_id ?? '');
    const bundled = unsigned?.['m.relations'] as { 'm.replace'?: ClientEvent } | undefined;
    return (bundled?.['m.replace']?.content['m.new_content'] as { body?: string } | undefined)?.body === 'good cake';
  });
  const forged = { 'm.new_content': { msgtype: 'm.text', body: 'bad cake' } };
  const seen = await bob.send(room, relating('m.replace', said.event_id ?? '', forged));
  await alice.sees(await bob.send(room, 'after the forged edit'), 'what came after it');
  expect(workspace.rows('SELECT * FROM edits WHERE event_id = ?', seen)).toHaveLength(1);
  expect(await alice.message(said.id)).toMatchObject({ text: 'good cake', is_edited: true });
  await alice.call('DELETE', `/messages/${said.id}`, { reason: 'eaten' });
  await until('the deletion at Synapse', async () => {
    return Object.keys((await bob.event(room, said.event_id ?? '')).content).length === 0;
  });

  const theirs = await bob.send(room, 'tea');
  const first = await bob.send(
    room,
    relating('m.replace', theirs, { 'm.new_content': { msgtype: 'm.text', body: 'mint tea' } }),
  );
  await alice.sees(theirs, 'the edit', ({ text }) => text === 'mint tea');
  await redact(bob, first);
  await alice.sees(theirs, 'the original again', ({ text, is_edited: isEdited }) => text === 'tea' && !isEdited);
  await redact(bob, theirs);
  await alice.sees(theirs, 'the deletion', ({ text, is_deleted: isDeleted }) => isDeleted && text === '');
  expect((await alice.ask('PUT', `/messages/${encoded(theirs)}`, { text: 'not mine' })).status).toBe(403);
});

test('reactions go both ways and are taken back', async () => {
  const said = await alice.say(room, { text: 'like me' });
  await bob.seesEvent(room, said.event_id ?? '');
  const theirs = await bob.send(
    room,
    { 'm.relates_to': { rel_type: 'm.annotation', event_id: said.event_id, key: '👍' } },
    'm.reaction',
  );
  await alice.sees(said.id, 'the reaction', ({ reactions }) => reactions['👍']?.[0] === bob.userId);
  const path = `/messages/${said.id}/reactions/${encoded('🎉')}`;
  const reacted = await alice.call<{ reactions: object }>('PUT', path);
  expect(reacted.reactions).toEqual({ '👍': [bob.userId], '🎉': [alice.userId] });
  const [mine] = workspace.rows<{ event_id: string }>('SELECT event_id FROM reactions WHERE emoji = ?', '🎉');
  expect((await heard(mine?.event_id ?? '')).content['m.relates_to']).toMatchObject({
    key: '🎉',
    event_id: said.event_id,
  });
  await alice.call('DELETE', path);
  await redact(bob, theirs);
  await alice.sees(said.id, 'no reaction', ({ reactions }) => Object.keys(reactions).length === 0);
  await until('the reaction to be gone at Synapse', async () => {
    return Object.keys((await bob.event(room, mine?.event_id ?? '')).content).length === 0;
  });
});

test('mentions and quotes go both ways', async () => {
  const theirs = await bob.send(room, {
    msgtype: 'm.text',
    body: 'alice?',
    'm.mentions': { user_ids: [alice.userId] },
  });
  await alice.sees(theirs, 'the question', ({ mentions }) => mentions.includes(alice.userId));
  const { notifications } = await alice.call<{ notifications: { event_id: string }[] }>('GET', '/notifications');
  expect(notifications.map(({ event_id: id }) => id)).toContain(theirs);

  const name = bob.userId.slice(0, bob.userId.indexOf(':'));
  const said = await alice.say(room, { text: `Yes, ${name}.`, quotes: theirs });
  const { content } = await heard(said.event_id);
  expect(content).toMatchObject({
    body: `Yes, ${name}.`,
    formatted_body: `Yes, <a href="https://matrix.to/#/${encoded(bob.userId)}">${name}</a>.`,
    'm.mentions': { user_ids: [bob.userId] },
    'm.relates_to': { 'm.in_reply_to': { event_id: theirs } },
  });
  const quote = { 'm.in_reply_to': { event_id: said.event_id } };
  const again = await bob.send(room, { msgtype: 'm.text', body: 'good', 'm.relates_to': quote });
  expect((await alice.sees(again, 'the quote')).quotes).toBe(said.event_id);
});

test('threads go both ways', async () => {
  const root = await alice.say(room, { text: 'a thread' });
  const rootId = root.event_id ?? '';
  const first = await alice.say(room, { text: 'first', thread: root.id });
  await bob.seesEvent(room, first.event_id ?? '');
  const second = await bob.send(room, relating('m.thread', rootId, { body: 'second' }));
  await alice.sees(second, 'the answer', ({ thread }) => thread === rootId);
  const third = await alice.say(room, { text: 'third', thread: root.id });
  expect((await heard(third.event_id)).content['m.relates_to']).toEqual({
    rel_type: 'm.thread',
    event_id: rootId,
    'm.in_reply_to': { event_id: second },
    is_falling_back: true,
  });
  const inThread = await alice.messages(room, `?thread=${root.id}`);
  expect(inThread.map(({ event_id: id, quotes }) => [id, quotes])).toEqual(
    [first.event_id, second, third.event_id].map((id) => [id, null]),
  );
  const path = `/_matrix/client/v1/rooms/${encoded(room)}/relations/${encoded(rootId)}/m.thread`;
  await until('the thread at Synapse', async () => {
    return (await bob.request<{ chunk: unknown[] }>('GET', path)).chunk.length === 3;
  });
});

test('translations go both ways, also those that are made later', async () => {
  const said = await alice.say(room, { text: 'Guten Morgen', language: 'de', translations: { en: 'Good morning' } });
  expect((await heard(said.event_id)).content['org.matrix.msc1767.text']).toEqual([
    { body: 'Guten Morgen', 'org.matrix.msc3554.lang': 'de' },
    { body: 'Good morning', 'org.matrix.msc3554.lang': 'en' },
  ]);
  const theirs = await bob.send(room, 'Bonsoir');
  await alice.sees(theirs, 'the message', ({ translations }) => Object.keys(translations).length === 0);
  const content = {
    msgtype: 'm.text',
    body: 'Bonsoir',
    'org.matrix.msc1767.text': [
      { body: 'Bonsoir', 'org.matrix.msc3554.lang': 'fr' },
      { body: 'Good evening', 'org.matrix.msc3554.lang': 'en' },
    ],
  };
  await bob.send(room, relating('m.replace', theirs, { 'm.new_content': content }));
  await alice.sees(theirs, 'the translation', ({ translations }) => translations['en'] === 'Good evening');
  expect((await alice.message(theirs, '?language=en')).text).toBe('Good evening');
  expect((await alice.message(theirs, '?language=it')).text).toBe('Bonsoir');
});

test('files go both ways', async () => {
  const bytes = Buffer.from('a file\r\n\r\nof ours');
  const path = `/rooms/${encoded(room)}/files?name=${encoded('Müller.txt')}`;
  const sent = await alice.call<{ event_id: string }>('POST', path, bytes, 'text/x-special');
  const { content } = await heard(sent.event_id);
  expect(content).toMatchObject({ msgtype: 'm.file', filename: 'Müller.txt', info: { size: bytes.length } });
  expect(await download(String(content['url']))).toEqual([200, bytes]);

  const uri = await upload(bob, Buffer.from('theirs'));
  const theirs = await bob.send(room, { msgtype: 'm.file', body: 'theirs.txt', url: uri });
  await alice.sees(theirs, 'the file', ({ file }) => file?.state === 'there');
  const got = await alice.ask('GET', `/messages/${encoded(theirs)}/file`);
  expect([got.status, got.bytes.toString()]).toEqual([200, 'theirs']);
  await redact(bob, theirs);
  await alice.sees(theirs, 'that it was deleted', ({ is_deleted: isDeleted, file }) => isDeleted && file === null);
});

test('a message is shown although its file has not come, and the file when it has', async () => {
  const { content_uri: uri } = await bob.request<{ content_uri: string }>('POST', '/_matrix/media/v1/create', {});
  const theirs = await bob.send(room, { msgtype: 'm.image', body: 'late.png', url: uri });
  const early = await alice.sees(theirs, 'why there is no file', ({ file }) => typeof file?.error === 'string');
  expect(early.file).toMatchObject({ state: 'waiting', error: expect.stringMatching(/^M_/) });
  const path = `/messages/${encoded(theirs)}/file`;
  expect((await alice.ask('GET', path)).status).toBe(503);
  await bob.request('PUT', `/_matrix/media/v3/upload/${uri.slice('mxc://'.length)}`, Buffer.from('late'));
  await until('the file', async () => (await alice.ask('GET', path)).bytes.toString() === 'late', 45_000);
});

test('typing, presence and receipts go both ways', async () => {
  const typing = `/rooms/${encoded(room)}/typing/${encoded(bob.userId)}`;
  await bob.request('PUT', typing, { typing: true, timeout: 30_000 });
  await alice.seesRoom(room, 'that bob types', (shown) => shown.typing.includes(bob.userId));
  await bob.request('PUT', typing, { typing: false });
  await alice.seesRoom(room, 'that nobody types', (shown) => shown.typing.length === 0);
  await alice.call('PUT', `/rooms/${encoded(room)}/typing`, { typing: true });
  await bob.sees('that alice types', () => bob.room(room).typing.includes(alice.userId));
  await alice.call('PUT', `/rooms/${encoded(room)}/typing`, { typing: false });

  const status = `/presence/${encoded(bob.userId)}/status`;
  await bob.request('PUT', status, { presence: 'unavailable', status_msg: 'at lunch' });
  const person = `/people/${encoded(bob.userId)}`;
  await until('how bob is', async () => (await alice.call<{ status?: string }>('GET', person)).status === 'at lunch');
  await alice.call('PUT', '/presence', { presence: 'online', status: 'here' });
  await bob.sees('how alice is', () => bob.presenceOf(alice.userId)?.['status_msg'] === 'here');

  const said = await alice.say(room, { text: 'read me' });
  await bob.seesEvent(room, said.event_id ?? '');
  await bob.request('POST', `/rooms/${encoded(room)}/receipt/m.read/${encoded(said.event_id ?? '')}`, {});
  await alice.seesRoom(room, 'what bob has read', ({ receipts }) => {
    return receipts.some(({ user_id: user, event_id: id }) => user === bob.userId && id === said.event_id);
  });
  const theirs = await bob.send(room, 'read me too');
  await alice.sees(theirs, 'the message');
  await alice.call('PUT', `/messages/${encoded(theirs)}/read`);
  await bob.sees('what alice has read', () => bob.room(room).hasRead(alice.userId, theirs));
});

test('many messages are read at once, and presence is told in one room', async () => {
  const theirs = [await bob.send(room, 'first'), await bob.send(room, 'second')];
  for (const eventId of theirs) await alice.sees(eventId, 'the message');
  const { read } = await alice.call<{ read: unknown }>('PUT', '/read', { messages: theirs.toReversed() });
  expect(read).toEqual([{ room, thread: 'main', event_id: theirs[1] }]);
  await bob.sees('what alice has read', () => bob.room(room).hasRead(alice.userId, theirs[1] ?? ''));
  const told = await alice.call('PUT', '/presence', { presence: 'unavailable', status: 'elsewhere', rooms: [room] });
  expect(told).toMatchObject({ destinations: 1, skipped: [] });
  await bob.sees('how alice is', () => bob.presenceOf(alice.userId)?.['status_msg'] === 'elsewhere');
});

test('names and pictures go both ways', async () => {
  const picture = Buffer.from(images['rgb.png'], 'base64');
  await alice.call('PUT', '/profile', { display_name: 'Alice Liddell' });
  const { avatar_url: url } = await alice.call<{ avatar_url: string }>('PUT', '/avatar', picture, 'image/png');
  await bob.sees('name and picture of alice', () => {
    const { displayname, avatar_url: seen } = bob.room(room).state('m.room.member', alice.userId)?.content ?? {};
    return displayname === 'Alice Liddell' && seen === url;
  });
  expect(await download(url)).toEqual([200, picture]);

  const theirs = await upload(bob, picture);
  await bob.request('PUT', `/profile/${encoded(bob.userId)}/avatar_url`, { avatar_url: theirs });
  await bob.request('PUT', `/profile/${encoded(bob.userId)}/displayname`, { displayname: 'Bob the builder' });
  await alice.seesRoom(room, 'the name of bob', ({ members }) =>
    members.some(({ name }) => name === 'Bob the builder'),
  );
  const shown = await alice.ask('GET', `/people/${encoded(bob.userId)}/avatar`);
  expect([shown.status, shown.bytes.equals(picture)]).toEqual([200, true]);
});

test('roles are given and taken by either side, and everybody is told', async () => {
  const made = await sharedRoom({ name: 'Roles' });
  const setRole = (role: string) => alice.call('PUT', `/rooms/${encoded(made)}/roles/${encoded(bob.userId)}`, { role });
  const levelAtSynapse = (level: number): Promise<unknown> =>
    bob.sees(`the level ${level}`, () => {
      const { users } = bob.room(made).state('m.room.power_levels')?.content ?? {};
      return (users as Record<string, number> | undefined)?.[bob.userId] === level;
    });
  await setRole('moderator');
  await levelAtSynapse(50);
  await setRole('user');
  // An entry that is gone would leave the role with some servers.
  await levelAtSynapse(0);
  await alice.seesRoom(made, 'both changes', ({ role_changes: changes }) => changes.length === 2);

  const theirs = await bob.createRoom({ preset: 'private_chat', room_version: '10', invite: [alice.userId] });
  await alice.seesRoom(theirs, 'the invitation', ({ membership }) => membership === 'invite');
  await alice.call('POST', '/joins', { room: theirs });
  await alice.seesRoom(theirs, 'the owner', ({ members }) => {
    return members.some(({ user_id: user, role }) => user === bob.userId && role === 'owner');
  });
  const levels = await bob.state(theirs, 'm.room.power_levels');
  const users = levels['users'] as Record<string, number>;
  await bob.sendState(theirs, 'm.room.power_levels', { ...levels, users: { ...users, [alice.userId]: 50 } });
  await alice.seesRoom(theirs, 'a moderator', ({ role_changes: changes }) => changes.at(-1)?.became === 'moderator');
  await bob.sendState(theirs, 'm.room.power_levels', levels);
  const { role_changes: changes } = await alice.seesRoom(theirs, 'no moderator', ({ members }) =>
    members.every(({ user_id: user, role }) => user !== alice.userId || role === 'user'),
  );
  expect(changes.map(({ user_id: user, by_user: by, was, became }) => [user, by, was, became])).toEqual([
    [alice.userId, bob.userId, 'user', 'moderator'],
    [alice.userId, bob.userId, 'moderator', 'user'],
  ]);
});

test('rooms are named, left and closed to somebody by either side', async () => {
  const made = await sharedRoom({ name: 'Old name' });
  await alice.call('PATCH', `/rooms/${encoded(made)}`, { name: 'New name', topic: 'Cake' });
  await bob.sees('name and topic', () => {
    const shown = bob.room(made);
    return shown.state('m.room.name')?.content['name'] === 'New name' && shown.state('m.room.topic') !== undefined;
  });
  const member = `/rooms/${encoded(made)}/members/${encoded(bob.userId)}`;
  await alice.call('DELETE', member, { ban: true, reason: 'noise' });
  await bob.sees('the ban', () => bob.room(made).membership === 'leave');
  await alice.call('DELETE', `/rooms/${encoded(made)}/bans/${encoded(bob.userId)}`);
  await alice.call('POST', `/rooms/${encoded(made)}/members`, { user: bob.userId });
  await bob.seesInvite(made);
  await bob.join(made);
  await alice.seesRoom(made, 'bob again', ({ members }) => {
    return members.some(({ user_id: user, membership }) => user === bob.userId && membership === 'join');
  });
  await bob.leave(made);
  await alice.seesRoom(made, 'that bob left', ({ members }) => {
    return members.some(({ user_id: user, membership }) => user === bob.userId && membership === 'leave');
  });

  const theirs = await bob.createRoom({ name: 'At Synapse', preset: 'private_chat', invite: [alice.userId] });
  const invited = await alice.seesRoom(theirs, 'the invitation', ({ membership }) => membership === 'invite');
  expect(invited.name).toBe('At Synapse');
  await alice.call('DELETE', `/rooms/${encoded(theirs)}/members/${encoded(alice.userId)}`, {});
  await bob.seesMembership(theirs, alice.userId, 'leave');
  await bob.invite(theirs, alice.userId);
  await alice.seesRoom(theirs, 'the second invitation', ({ membership }) => membership === 'invite');
  await alice.call('POST', '/joins', { room: theirs });
  await bob.seesMembership(theirs, alice.userId, 'join');
  const about = { user_id: alice.userId, reason: 'the end' };
  await bob.request('POST', `/rooms/${encoded(theirs)}/kick`, about);
  const removed = await alice.seesRoom(theirs, 'that it is over', ({ membership }) => membership === 'leave');
  expect(removed.reason).toBe('the end');
});

test('direct rooms are found again, and those that others make are known as such', async () => {
  const direct = (): Promise<{ room: string }> => alice.call('POST', '/directs', { with: [bob.userId] });
  const { room: made } = await direct();
  await bob.seesInvite(made);
  const invitation = bob.room(made).inviteState.find((event) => event.state_key === bob.userId);
  expect(invitation?.content).toMatchObject({ is_direct: true });
  await bob.join(made);
  expect((await direct()).room).toBe(made);
  const said = await alice.say(made, { text: 'just the two of us' });
  await bob.seesEvent(made, said.event_id ?? '');

  const theirs = await bob.createRoom({ preset: 'trusted_private_chat', is_direct: true, invite: [alice.userId] });
  await alice.seesRoom(theirs, 'the invitation', (shown) => shown.membership === 'invite' && shown.is_direct);
});

test('whoever comes later reads what was said and decided before', async () => {
  const theirs = await bob.createRoom({ name: 'Past', preset: 'public_chat', room_alias_name: 'past' });
  const first = await bob.send(theirs, 'long ago');
  await bob.send(
    theirs,
    relating('m.replace', first, { 'm.new_content': { msgtype: 'm.text', body: 'very long ago' } }),
  );
  await bob.send(theirs, { 'm.relates_to': { rel_type: 'm.annotation', event_id: first, key: '👍' } }, 'm.reaction');
  for (let n = 0; n < 5; n += 1) await bob.send(theirs, `then ${n}`);
  await alice.call('POST', '/joins', { room: `#past:${pair.server('second').serverName}` });
  const wanted = ['very long ago', 'then 0', 'then 1', 'then 2', 'then 3', 'then 4'];
  await until('the past', async () => {
    const { membership } = await alice.room(theirs);
    if (membership !== 'join') return false;
    expect((await alice.messages(theirs)).map(({ text }) => text)).toEqual(wanted);
    return true;
  });
  expect((await alice.message(first)).reactions).toEqual({ '👍': [bob.userId] });
  expect(await alice.room(theirs)).toMatchObject({ name: 'Past' });
});

test('discussions are opened by either side and belong to their room', async () => {
  const opened = await alice.call<{ room: string; message: string }>('POST', `/rooms/${encoded(room)}/discussions`, {
    name: 'Cake',
  });
  const { event_id: linkId } = await alice.message(opened.message);
  expect((await heard(linkId)).content['body']).toContain(`https://matrix.to/#/${encoded(opened.room)}`);
  const child = bob.room(room).state('m.space.child', opened.room)?.content;
  expect(child).toEqual({ via: [pair.server('first').serverName] });
  await bob.join(opened.room, child?.['via'] as string[]);
  expect(await bob.state(opened.room, 'm.space.parent', room)).toMatchObject({ canonical: true });
  const inside = await bob.send(opened.room, 'in the discussion');
  await alice.sees(inside, 'what is said there');
  expect(await alice.room(opened.room)).toMatchObject({ parent: room });

  const via = [pair.server('second').serverName];
  const theirs = await bob.createRoom({
    name: 'Tea',
    preset: 'public_chat',
    initial_state: [{ type: 'm.space.parent', state_key: room, content: { via, canonical: true } }],
  });
  await bob.sendState(room, 'm.space.child', { via }, theirs);
  await alice.seesRoom(room, 'the discussion', ({ discussions }) => discussions.some((one) => one.room === theirs));
  await alice.call('POST', '/joins', { room: theirs });
  await alice.seesRoom(theirs, 'where it belongs', ({ parent, name }) => parent === room && name === 'Tea');
  await alice.call('DELETE', `/rooms/${encoded(room)}/discussions/${encoded(opened.room)}`);
  await alice.seesRoom(room, 'only the other', ({ discussions }) => discussions.every((one) => one.room === theirs));
});

test('a transaction that comes again changes nothing, one event nobody understands stops nothing', async () => {
  const event = (id: string, more: object): object => ({
    event_id: `$${id}`,
    room_id: room,
    sender: bob.userId,
    origin_server_ts: Date.now(),
    type: 'm.room.message',
    content: { msgtype: 'm.text', body: id },
    ...more,
  });
  const events = [
    event('first', {}),
    event('odd', { content: 3 }),
    event('poll', { type: 'org.example.poll' }),
    event('last', {}),
  ];
  const put = async (token: string): Promise<number> => {
    const url = `${workspace.url}/_matrix/app/v1/transactions/again`;
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(url, { method: 'PUT', headers, body: JSON.stringify({ events }) })).status;
  };
  expect(await put('guessed')).toBe(403);
  const { hs_token: token } = workspace.registration();
  expect([await put(token), await put(token)]).toEqual([200, 200]);
  const kept = workspace.rows<{ event_id: string }>(
    `SELECT event_id FROM messages WHERE event_id IN ('$first', '$last')`,
  );
  expect(kept.map(({ event_id: id }) => id)).toEqual(['$first', '$last']);
});

test('what one of ours says with another client is shown, and what is refused says why', async () => {
  const url = `/rooms/${encoded(room)}/send/m.room.message/elsewhere`;
  const options = {
    query: { user_id: alice.userId },
    headers: { authorization: `Bearer ${workspace.registration().as_token}` },
  };
  const client = new MatrixClient(pair.server('first').clientUrl);
  const { event_id: id } = await client.request<{ event_id: string }>(
    'PUT',
    url,
    { msgtype: 'm.text', body: 'elsewhere' },
    options,
  );
  expect((await alice.sees(id, 'what alice said elsewhere')).sender).toBe(alice.userId);

  const theirs = await bob.createRoom({ preset: 'public_chat', power_level_content_override: { events_default: 50 } });
  await alice.call('POST', '/joins', { room: theirs, via: [pair.server('second').serverName] });
  await alice.seesRoom(theirs, 'that alice is in it', ({ membership }) => membership === 'join');
  const said = await alice.say(theirs, { text: 'may I?' });
  expect(said).toMatchObject({ state: 'refused', error: expect.stringContaining('M_FORBIDDEN') });
  const levels = await bob.state(theirs, 'm.room.power_levels');
  await bob.sendState(theirs, 'm.room.power_levels', { ...levels, events_default: 0 });
  await until('the message', async () => {
    return (await alice.call<{ state: string }>('POST', `/messages/${said.id}/retry`)).state === 'sent';
  });
});

test('whoever cannot be reached is named with the reason', async () => {
  const [free = 0] = await freePorts(1);
  const errorFor = async (userId: string): Promise<[number, unknown]> => {
    const { status, bytes } = await alice.ask('POST', '/directs', { with: [userId] });
    return [status, (JSON.parse(bytes.toString()) as { errcode?: string }).errcode];
  };
  expect(await errorFor(`@nobody:${pair.server('second').serverName}`)).toEqual([404, 'EYRIE_USER_NOT_FOUND']);
  expect(await errorFor(`@nobody:localhost:${free}`)).toEqual([502, 'EYRIE_CONNECTION_FAILED']);
  const nobody = `@nobody:localhost:${free}`;
  const made = await alice.call('POST', '/rooms', { name: 'For two', invite: [bob.userId, nobody] });
  expect(made['not_invited']).toMatchObject([{ user: nobody, errcode: 'EYRIE_CONNECTION_FAILED' }]);
  await bob.seesInvite(String(made['room']));
  expect(await alice.call('GET', '/status')).toMatchObject({ waiting: [], ping: { duration_ms: expect.any(Number) } });
});

test('nothing is lost or doubled while the workspace or Eyrie is killed', async () => {
  const before = await bob.send(room, 'before');
  await alice.sees(before, 'the message before');
  await workspace.kill();
  const missed: string[] = [];
  for (let n = 0; n < 5; n += 1) missed.push(await bob.send(room, `missed ${n}`));
  await workspace.restart();
  await alice.sees(missed.at(-1) ?? '', 'what was missed');
  await pair.server('first').kill();
  const said = await alice.say(room, { text: 'while Eyrie is away' });
  expect(said).toMatchObject({ state: 'sending', error: expect.stringContaining('ECONNREFUSED') });
  await pair.server('first').start();
  const sent = await alice.sees(said.id, 'that it was sent', ({ state }) => state === 'sent');
  await bob.seesEvent(room, sent.event_id ?? '');
  const shown = (await alice.messages(room)).map(({ event_id: id }) => id);
  expect(shown.slice(shown.indexOf(before))).toEqual([before, ...missed, sent.event_id]);
});

test('a workspace that nobody can reach fetches the same, and what came meanwhile', async () => {
  await workspace.kill();
  await workspace.restart('--stream');
  await register();
  const first = await bob.send(room, 'over the stream');
  await alice.sees(first, 'what came over the stream');
  await workspace.kill();
  const missed: string[] = [];
  for (let n = 0; n < 3; n += 1) missed.push(await bob.send(room, `missed by the stream ${n}`));
  // Connected anew, in one call, with other tokens.
  const connected = await administrator.request('POST', '/_eyrie/admin/v1/appservices/workspace/connect', {
    url: null,
    exclusive: true,
    renew: true,
  });
  const file = join(pair.directory, 'connected.json');
  writeFileSync(file, JSON.stringify(connected));
  await workspace.restart('--connected', file);
  await alice.sees(missed.at(-1) ?? '', 'what was missed');
  const said = await alice.say(room, { text: 'heard' });
  await bob.seesEvent(room, said.event_id ?? '');
  const shown = (await alice.messages(room)).map(({ event_id: id }) => id);
  expect(shown.slice(shown.indexOf(first))).toEqual([first, ...missed, said.event_id]);
});
