import { expect, test } from 'vitest';

import { aLoggedInUser, ask, type TestUser } from '../../../support/worker/ask.ts';

const v3 = '/_matrix/client/v3';

async function aRoomOf(user: TestUser, body: object = { preset: 'public_chat' }): Promise<string> {
  const created = await ask('POST', `${v3}/createRoom`, { token: user.token, body });
  expect(created).toMatchObject({ status: 200 });
  return String(created.body['room_id']);
}

async function say(user: TestUser, roomId: string, body: string, txnId: string = crypto.randomUUID()): Promise<string> {
  const sent = await ask('PUT', `${v3}/rooms/${encodeURIComponent(roomId)}/send/m.room.message/${txnId}`, {
    token: user.token,
    body: { msgtype: 'm.text', body },
  });
  expect(sent).toMatchObject({ status: 200 });
  return String(sent.body['event_id']);
}

interface SyncBody {
  readonly next_batch: string;
  readonly rooms?: {
    readonly join?: Record<string, { readonly timeline: { readonly events: { event_id: string; type: string }[] } }>;
    readonly invite?: Record<string, unknown>;
    readonly leave?: Record<string, unknown>;
  };
}

async function syncOf(user: TestUser, since?: string, timeout = 0): Promise<SyncBody> {
  const query = since === undefined ? '' : `since=${encodeURIComponent(since)}&`;
  const { status, body } = await ask('GET', `${v3}/sync?${query}timeout=${timeout}`, { token: user.token });
  expect(status).toBe(200);
  return body as unknown as SyncBody;
}

test('a room is made, joined, spoken in, and both see it in sync and in messages', async () => {
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  const roomId = await aRoomOf(alice);
  const joined = await ask('POST', `${v3}/rooms/${encodeURIComponent(roomId)}/join`, { token: bob.token, body: {} });
  expect(joined).toMatchObject({ status: 200, body: { room_id: roomId } });
  const first = await syncOf(bob);
  expect(Object.keys(first.rooms?.join ?? {})).toEqual([roomId]);
  const waiting = syncOf(bob, first.next_batch, 20_000);
  const eventId = await say(alice, roomId, 'hello bob');
  const { rooms } = await waiting;
  expect(rooms?.join?.[roomId]?.timeline.events.map((event) => event.event_id)).toEqual([eventId]);
  const page = await ask('GET', `${v3}/rooms/${encodeURIComponent(roomId)}/messages?dir=b&limit=2`, {
    token: bob.token,
  });
  expect((page.body['chunk'] as { event_id: string }[])[0]?.event_id).toBe(eventId);
});

test('an invited user sees the invitation, accepts it, leaves and forgets', async () => {
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  const roomId = await aRoomOf(alice, { preset: 'private_chat', name: 'Secret', invite: [bob.userId] });
  const path = `${v3}/rooms/${encodeURIComponent(roomId)}`;
  const invited = await syncOf(bob);
  expect(Object.keys(invited.rooms?.invite ?? {})).toEqual([roomId]);
  expect(await ask('POST', `${path}/join`, { token: bob.token, body: {} })).toMatchObject({ status: 200 });
  const joined = await syncOf(bob, invited.next_batch);
  expect(Object.keys(joined.rooms?.join ?? {})).toEqual([roomId]);
  expect(await ask('POST', `${path}/leave`, { token: bob.token, body: {} })).toMatchObject({ status: 200 });
  const left = await syncOf(bob, joined.next_batch);
  expect(Object.keys(left.rooms?.leave ?? {})).toEqual([roomId]);
  expect(await ask('POST', `${path}/forget`, { token: bob.token, body: {} })).toMatchObject({ status: 200 });
  const stranger = await aLoggedInUser('eve');
  expect(await ask('POST', `${path}/join`, { token: stranger.token, body: {} })).toMatchObject({
    status: 403,
    body: { errcode: 'M_FORBIDDEN' },
  });
});

test('the same transaction ID is the same event', async () => {
  const alice = await aLoggedInUser('alice');
  const roomId = await aRoomOf(alice);
  const ids = await Promise.all(Array.from({ length: 5 }, () => say(alice, roomId, 'once', 'txn-1')));
  expect(new Set(ids).size).toBe(1);
});

test('200 sends at once are 200 events, all of them in sync', async () => {
  const alice = await aLoggedInUser('alice');
  const roomId = await aRoomOf(alice);
  const { next_batch: since } = await syncOf(alice);
  const ids = await Promise.all(Array.from({ length: 200 }, (_, n) => say(alice, roomId, `message ${n}`)));
  expect(new Set(ids).size).toBe(200);
  const seen = new Set<string>();
  let token = '';
  for (;;) {
    const page = await ask(
      'GET',
      `${v3}/rooms/${encodeURIComponent(roomId)}/messages?dir=b&limit=100${token === '' ? '' : `&from=${token}`}`,
      { token: alice.token },
    );
    const chunk = page.body['chunk'] as { event_id: string; type: string }[];
    for (const event of chunk) if (event.type === 'm.room.message') seen.add(event.event_id);
    const { end } = page.body as { end?: string };
    if (end === undefined) break;
    token = end;
  }
  expect(seen).toEqual(new Set(ids));
  const synced = await syncOf(alice, since, 10_000);
  expect(synced.rooms?.join?.[roomId]?.timeline.events.length).toBeGreaterThan(0);
});
