// What must never happen to the rooms of our users (numbers as in the list of an earlier server's faults).
import { afterEach, expect, test, vi } from 'vitest';

import type { EventId } from '../../../src/matrix/ids/brands.ts';
import { aPeer, aRoom, federation, forgetPeers, inRoom, joinFrom, say, v3 } from '../../support/worker/a-peer.ts';
import { aLoggedInUser, ask, type TestUser } from '../../support/worker/ask.ts';
import { eventually } from '../../support/worker/eventually.ts';

afterEach(forgetPeers);

const enc = encodeURIComponent;

const join = ({ token }: TestUser, roomId: string) => ask('POST', inRoom(roomId, '/join'), { token, body: {} });
const statusOf = async (answer: Promise<{ status: number }>) => (await answer).status;

interface Sync {
  readonly next_batch: string;
  readonly rooms?: {
    readonly join?: Record<
      string,
      { timeline: { events: { event_id: EventId }[]; limited: boolean; prev_batch: string } }
    >;
    readonly invite?: Record<string, { invite_state: { events: { type: string }[] } }>;
    readonly leave?: Record<string, unknown>;
  };
}

async function syncOf({ token }: TestUser, since?: string, timeout = 0, filter?: object): Promise<Sync> {
  const query = new URLSearchParams({
    timeout: String(timeout),
    ...(since === undefined ? {} : { since }),
    ...(filter === undefined ? {} : { filter: JSON.stringify(filter) }),
  });
  return (await ask('GET', `${v3}/sync?${query.toString()}`, { token })).body as unknown as Sync;
}

test('never 23: a join is answered with success before it succeeded', async () => {
  const alice = await aLoggedInUser('alice');
  const peer = aPeer();
  const roomId = `!theirs:${peer.server.name}`;
  const refuse = () => Response.json({ errcode: 'M_FORBIDDEN', error: 'no' }, { status: 403 });
  peer.reply(`${federation}/make_join/`, refuse);
  const go = () =>
    ask('POST', `${v3}/join/${enc(roomId)}?via=${enc(peer.server.name)}`, { token: alice.token, body: {} });
  expect(await go()).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  peer.reply(`${federation}/make_join/`, () => ({
    room_version: '11',
    event: {
      type: 'm.room.member',
      room_id: roomId,
      sender: alice.userId,
      state_key: alice.userId,
      content: { membership: 'join' },
      prev_events: [],
      auth_events: [],
      depth: 2,
      origin_server_ts: 1,
    },
  }));
  peer.reply('/_matrix/federation/v2/send_join/', refuse);
  expect((await go()).status).toBeGreaterThanOrEqual(400);
  expect((await ask('GET', `${v3}/joined_rooms`, { token: alice.token })).body).toEqual({ joined_rooms: [] });
  expect((await syncOf(alice)).rooms?.join).toBeUndefined();
});

test('never 24: an invitation is lost, or cannot be rejected because its server is away', async () => {
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  const peer = aPeer();
  const eve = await joinFrom(peer, await aRoom(alice));
  const roomId = `!theirs:${peer.server.name}` as typeof eve.roomId;
  const { next_batch: since } = await syncOf(bob);
  const invite = eve.event({ roomId, type: 'm.room.member', stateKey: bob.userId, content: { membership: 'invite' } });
  const path = `/_matrix/federation/v2/invite/${enc(roomId)}/${enc(invite.eventId)}`;
  const put = await peer.ask('PUT', path, { room_version: '11', event: invite.json, invite_room_state: [] });
  expect(put.status).toBe(200);
  const told = await syncOf(bob, since, 5_000);
  expect(told.rooms?.invite?.[roomId]?.invite_state.events.map(({ type }) => type)).toContain('m.room.member');
  // The peer answers nothing that has to do with leaving.
  expect(await ask('POST', inRoom(roomId, '/leave'), { token: bob.token, body: {} })).toMatchObject({ status: 200 });
  const after = await syncOf(bob, told.next_batch, 5_000);
  expect(Object.keys(after.rooms?.leave ?? {})).toEqual([roomId]);
});

test('never 28: an ordinary member does over the client API what the rules forbid', async () => {
  const [alice, bob, carol] = [await aLoggedInUser('alice'), await aLoggedInUser('bob'), await aLoggedInUser('carol')];
  const roomId = await aRoom(alice, { power_level_content_override: { invite: 50 } });
  await join(bob, roomId);
  const said = await say(alice, roomId, 'hello');
  const { token } = bob;
  const levels = { users: { [bob.userId]: 100 } };
  const forbidden: readonly (readonly [string, string, object])[] = [
    ['PUT', '/state/m.room.power_levels', levels],
    ['PUT', '/state/m.room.power_levels/', levels],
    ['PUT', '/state/m.room.name', { name: 'mine' }],
    ['PUT', '/state/m.room.create', { creator: bob.userId }],
    ['PUT', '/state/m.room.join_rules', { join_rule: 'invite' }],
    ['PUT', '/state/m.room.server_acl', { allow: [] }],
    ['PUT', '/state/m.room.tombstone', { body: '', replacement_room: '!x:y' }],
    ['PUT', '/state/m.room.encryption', { algorithm: 'm.megolm.v1.aes-sha2' }],
    ['PUT', `/state/m.room.member/${alice.userId}`, { membership: 'leave' }],
    ['PUT', `/state/m.room.member/${alice.userId}`, { membership: 'ban' }],
    ['PUT', `/state/m.room.member/${carol.userId}`, { membership: 'join' }],
    ['PUT', `/state/m.room.member/${carol.userId}`, { membership: 'invite' }],
    ['PUT', `/redact/${enc(said)}/1`, {}],
    ['PUT', '/send/m.room.redaction/2', { redacts: said }],
    ['POST', '/kick', { user_id: alice.userId }],
    ['POST', '/ban', { user_id: alice.userId }],
    ['POST', '/ban', { user_id: carol.userId }],
    ['POST', '/unban', { user_id: carol.userId }],
    ['POST', '/invite', { user_id: carol.userId }],
  ];
  for (const [method, path, body] of forbidden) {
    const { status } = await ask(method, inRoom(roomId, path), { token, body });
    expect(`${method} ${path} ${status}`).toMatch(/ (400|403)$/);
  }
  const { body: state } = await ask('GET', inRoom(roomId, '/members'), { token: alice.token });
  const members = (state['chunk'] as { state_key: string; content: { membership: string } }[]).map(
    ({ state_key: userId, content }) => `${userId} ${content.membership}`,
  );
  expect(members.toSorted()).toEqual([`${alice.userId} join`, `${bob.userId} join`].toSorted());
});

test('never 29: who is banned comes back', async () => {
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  const name = `banned-${crypto.randomUUID()}`;
  const roomId = await aRoom(alice, { room_alias_name: name });
  await join(bob, roomId);
  const peer = aPeer();
  const eve = await joinFrom(peer, roomId);
  for (const userId of [bob.userId, eve.userId]) {
    await ask('POST', inRoom(roomId, '/ban'), { token: alice.token, body: { user_id: userId } });
  }
  const alias = `#${name}:${alice.userId.split(':')[1] ?? ''}`;
  expect(await statusOf(join(bob, roomId))).toBe(403);
  for (const target of [roomId, alias]) {
    expect(await statusOf(ask('POST', `${v3}/join/${enc(target)}`, { token: bob.token, body: {} }))).toBe(403);
    const knock = await ask('POST', `${v3}/knock/${enc(target)}`, { token: bob.token, body: {} });
    expect([403, 404]).toContain(knock.status);
  }
  const membership = { membership: 'join' };
  const asState = ask('PUT', inRoom(roomId, `/state/m.room.member/${bob.userId}`), {
    token: bob.token,
    body: membership,
  });
  expect(await statusOf(asState)).toBe(403);
  const path = `${enc(roomId)}/${enc(eve.userId)}`;
  expect(await statusOf(peer.ask('GET', `${federation}/make_join/${path}?ver=11`))).toBe(403);
  const again = eve.event({ type: 'm.room.member', stateKey: eve.userId, content: membership });
  const sendJoin = `/_matrix/federation/v2/send_join/${enc(roomId)}/${enc(again.eventId)}`;
  expect(await statusOf(peer.ask('PUT', sendJoin, again.json))).toBe(403);
  await peer.push(again.json);
  const { body } = await ask('GET', inRoom(roomId, '/joined_members'), { token: alice.token });
  expect(Object.keys(body['joined'] as object)).toEqual([alice.userId]);
});

test('never 30: state that names a user is set by another', async () => {
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  const roomId = await aRoom(alice, { power_level_content_override: { state_default: 0 } });
  await join(bob, roomId);
  const put = (stateKey: string) =>
    ask('PUT', inRoom(roomId, `/state/org.example.note/${stateKey}`), { token: bob.token, body: {} });
  expect(await statusOf(put(alice.userId))).toBe(403);
  expect(await statusOf(put('@nobody:elsewhere.example'))).toBe(403);
  expect(await statusOf(put(bob.userId))).toBe(200);
});

/** Everything that shows something of a room, but for sync. */
const readPaths = (eventId: string) => [
  '/messages?dir=b',
  '/state',
  '/state/m.room.name',
  '/members',
  '/joined_members',
  `/event/${enc(eventId)}`,
  `/context/${enc(eventId)}`,
];

test('never 31: who was removed, is invited or a stranger reads the room', async () => {
  const [alice, kicked, banned, invited, stranger] = await Promise.all(
    ['alice', 'kicked', 'banned', 'invited', 'stranger'].map((name) => aLoggedInUser(name)),
  );
  if (!alice || !kicked || !banned || !invited || !stranger) throw new Error('no users');
  const roomId = await aRoom(alice, { name: 'a name' });
  for (const user of [kicked, banned]) {
    await join(user, roomId);
    const verb = user === kicked ? '/kick' : '/ban';
    await ask('POST', inRoom(roomId, verb), { token: alice.token, body: { user_id: user.userId } });
  }
  await ask('PUT', inRoom(roomId, '/state/m.room.join_rules'), { token: alice.token, body: { join_rule: 'invite' } });
  await ask('POST', inRoom(roomId, '/invite'), { token: alice.token, body: { user_id: invited.userId } });
  const secret = await say(alice, roomId, 'only for members');
  for (const user of [kicked, banned, invited, stranger]) {
    for (const path of readPaths(secret)) {
      const { body } = await ask('GET', inRoom(roomId, path), { token: user.token });
      expect(JSON.stringify(body)).not.toContain('only for members');
    }
    const told = JSON.stringify(await syncOf(user, undefined, 0, { room: { include_leave: true } }));
    expect(told).not.toContain('only for members');
  }
  for (const user of [invited, stranger]) {
    for (const path of readPaths(secret)) {
      expect([403, 404]).toContain((await ask('GET', inRoom(roomId, path), { token: user.token })).status);
    }
  }
});

test('never 32: an alias of another domain is made, or one of somebody else removed', async () => {
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  const roomId = await aRoom(alice);
  const domain = alice.userId.split(':')[1] ?? '';
  const alias = (name: string, server = domain) => `${v3}/directory/room/${enc(`#${name}:${server}`)}`;
  const name = crypto.randomUUID();
  const put = (path: string, { token }: TestUser) => ask('PUT', path, { token, body: { room_id: roomId } });
  expect([400, 403]).toContain((await put(alias(name, 'elsewhere.example'), alice)).status);
  expect((await put(alias(name), alice)).status).toBe(200);
  expect((await ask('DELETE', alias(name), { token: bob.token })).status).toBe(403);
  expect((await ask('GET', alias(name), { token: bob.token })).status).toBe(200);
});

test.each([
  ['joined', false, false],
  ['invited', false, false],
  ['shared', true, false],
  ['world_readable', true, true],
] as const)('never 33: history of visibility %s is shown to who may not see it', async (visibility, toNew, toAll) => {
  const [alice, bob, stranger] = [await aLoggedInUser('alice'), await aLoggedInUser('bob'), await aLoggedInUser('x')];
  const roomId = await aRoom(alice, {
    initial_state: [{ type: 'm.room.history_visibility', state_key: '', content: { history_visibility: visibility } }],
  });
  const before = await say(alice, roomId, 'before bob came');
  await join(bob, roomId);
  const shows = async ({ token }: TestUser, path: string) =>
    JSON.stringify((await ask('GET', inRoom(roomId, path), { token })).body).includes('before bob came');
  for (const path of ['/messages?dir=b&limit=50', `/event/${enc(before)}`, `/context/${enc(before)}`]) {
    expect(`${path} ${await shows(bob, path)}`).toBe(`${path} ${toNew}`);
  }
  for (const path of [`/event/${enc(before)}`, `/context/${enc(before)}`]) {
    expect(`${path} ${await shows(stranger, path)}`).toBe(`${path} ${toAll}`);
  }
});

test('never 37: an address inside is asked because somebody named it as a server', async () => {
  const alice = await aLoggedInUser('alice');
  aPeer();
  const asked = vi.mocked(globalThis.fetch).mock.calls;
  for (const via of [
    '127.0.0.1',
    '10.0.0.1:8448',
    '169.254.169.254:80',
    '192.168.1.1',
    '[::1]:8448',
    '[fe80::1]',
    '0.0.0.0',
  ]) {
    const path = `${v3}/join/${enc(`!room:${via}`)}?via=${enc(via)}`;
    expect((await ask('POST', path, { token: alice.token, body: {} })).status).toBeGreaterThanOrEqual(400);
  }
  expect(asked).toEqual([]);
});

test('never 41: two events get one place, or one that was acknowledged is not told', async () => {
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  const roomId = await aRoom(alice);
  await join(bob, roomId);
  const { next_batch: since } = await syncOf(bob);
  const sent = await Promise.all(
    Array.from({ length: 200 }, (_, at) => say(at % 2 === 0 ? alice : bob, roomId, `message ${at}`)),
  );
  expect(new Set(sent).size).toBe(200);
  const seen: EventId[] = [];
  let token = since;
  await eventually(async () => {
    const answer = await syncOf(bob, token, 0, { room: { timeline: { limit: 100 } } });
    const timeline = answer.rooms?.join?.[roomId]?.timeline;
    if (timeline?.limited === true) {
      const page = await ask('GET', inRoom(roomId, `/messages?dir=b&limit=500&from=${enc(timeline.prev_batch)}`), {
        token: bob.token,
      });
      seen.push(...(page.body['chunk'] as { event_id: EventId }[]).map((event) => event.event_id));
    }
    seen.push(...(timeline?.events ?? []).map((event) => event.event_id));
    token = answer.next_batch;
    expect(sent.filter((id) => !seen.includes(id))).toEqual([]);
  });
});

test('never 42: a sync loses events, or gives other ones when it is repeated', async () => {
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  const roomId = await aRoom(alice);
  await join(bob, roomId);
  const { next_batch: since } = await syncOf(bob);
  const sent: EventId[] = [];
  for (let at = 0; at < 60; at += 1) sent.push(await say(alice, roomId, `message ${at}`));
  const last = sent.at(-1);
  const first = await eventually(async () => {
    const answer = await syncOf(bob, since);
    expect(answer.rooms?.join?.[roomId]?.timeline.events.at(-1)?.event_id).toBe(last);
    return answer;
  });
  const timeline = first.rooms?.join?.[roomId]?.timeline;
  expect(timeline?.limited).toBe(true);
  const shown = timeline?.events.map((event) => event.event_id) ?? [];
  const page = await ask('GET', inRoom(roomId, `/messages?dir=b&limit=100&from=${enc(timeline?.prev_batch ?? '')}`), {
    token: bob.token,
  });
  const older = (page.body['chunk'] as { event_id: EventId }[]).map((event) => event.event_id).toReversed();
  expect([...older, ...shown].slice(-60)).toEqual(sent);
  // An answer that was lost on the way is asked for again.
  const again = await syncOf(bob, since);
  expect(again.rooms?.join?.[roomId]?.timeline.events.map((event) => event.event_id)).toEqual(shown);
});

test('never 43: an event of another server does not wake who waits, also beside an open invitation', async () => {
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  const roomId = await aRoom(alice);
  const eve = await joinFrom(aPeer(), roomId);
  const open = await aRoom(bob, { preset: 'private_chat', invite: [alice.userId] });
  const { next_batch: since, rooms } = await eventually(async () => {
    const answer = await syncOf(alice);
    expect(answer.rooms?.invite?.[open]).toBeDefined();
    expect(answer.rooms?.join?.[roomId]?.timeline.events.at(-1)?.event_id).toBe(eve.join.eventId);
    return answer;
  });
  expect(Object.keys(rooms?.invite ?? {})).toEqual([open]);
  const started = Date.now();
  const waiting = syncOf(alice, since, 20_000);
  const { eventId } = await eve.say('wake up');
  const woken = await waiting;
  expect(woken.rooms?.join?.[roomId]?.timeline.events.map((event) => event.event_id)).toEqual([eventId]);
  expect(Date.now() - started).toBeLessThan(10_000);
});

test('never 44: the same transaction makes two events', async () => {
  const alice = await aLoggedInUser('alice');
  const roomId = await aRoom(alice);
  const send = () =>
    ask('PUT', inRoom(roomId, '/send/m.room.message/once'), {
      token: alice.token,
      body: { msgtype: 'm.text', body: 'x' },
    });
  const answers = await Promise.all(Array.from({ length: 10 }, send));
  expect(new Set(answers.map(({ body }) => body['event_id'])).size).toBe(1);
  expect((await send()).body['event_id']).toBe(answers[0]?.body['event_id']);
});
