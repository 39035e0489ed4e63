import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { aPeer, aRoom, forgetPeers, joinFrom, say, type Peer } from '../../../support/worker/a-peer.ts';
import { aLoggedInUser, anAdministrator, ask } from '../../../support/worker/ask.ts';
import { eventually } from '../../../support/worker/eventually.ts';

beforeEach(() => void vi.spyOn(console, 'error').mockReturnValue());
afterEach(forgetPeers);

const PATH = '/_eyrie/admin/v1/destinations';
const SEND = '/_matrix/federation/v1/send/';
const of = ({ server }: Peer, verb = '') => `${PATH}/${encodeURIComponent(server.name)}${verb}`;
const bodies = (peer: Peer) => peer.pdus().map(({ content }) => (content as { body?: string }).body);

/** A room of Alice's with a user of a fresh peer, which answers transactions so. */
async function aPeerThat(reply: () => Response) {
  const alice = await aLoggedInUser('alice');
  const roomId = await aRoom(alice);
  const peer = aPeer();
  await joinFrom(peer, roomId);
  peer.reply(SEND, reply);
  return { alice, roomId, peer };
}
const failing = (status: number) => () => Response.json({ errcode: 'M_UNKNOWN', error: 'out of order' }, { status });

test('how other servers stand is shown to administrators alone, and nothing of strangers', async () => {
  const { token } = await aLoggedInUser();
  const peer = aPeer();
  const asked = [
    ['GET', PATH],
    ['GET', of(peer)],
    ['POST', of(peer, '/retry')],
  ] as const;
  for (const [method, path] of asked) {
    expect(await ask(method, path)).toMatchObject({ status: 401 });
    expect(await ask(method, path, { token })).toMatchObject({ status: 403 });
  }
  const admin = await anAdministrator();
  expect(await ask('GET', of(peer), { token: admin.token })).toMatchObject({ status: 404 });
  expect(await ask('POST', of(peer, '/retry'), { token: admin.token })).toMatchObject({ status: 404 });
  expect(await ask('GET', `${PATH}/no%20server`, { token: admin.token })).toMatchObject({ status: 404 });
});

test('a server that fails is shown with its error, its next try and what waits, until a retry reaches it', async () => {
  const { token } = await anAdministrator();
  const { alice, roomId, peer } = await aPeerThat(failing(500));
  const before = Date.now();
  await say(alice, roomId, 'first');
  const shown = {
    server: peer.server.name,
    registered_ts: expect.any(Number),
    status: 'down',
    failures: 1,
    last_error: 'answered 500 M_UNKNOWN out of order',
    retry_at: expect.any(Number),
    last_success_ts: null,
    rooms_waiting: 1,
    edus_waiting: expect.any(Number),
    waiting_since_ts: expect.any(Number),
    refused_events: 0,
  };
  await eventually(async () => {
    const { body } = await ask('GET', of(peer), { token });
    expect(body).toEqual({ ...shown, refused: [] });
    expect(body['retry_at']).toBeGreaterThan(before);
  });
  const listed = await ask('GET', `${PATH}?search=${peer.server.name}`, { token });
  expect(listed.body).toEqual({ destinations: [shown] });
  peer.received.length = 0;
  peer.reply(SEND, () => Response.json({ pdus: {} }));
  expect(await ask('POST', of(peer, '/retry'), { token })).toMatchObject({ status: 200 });
  await eventually(() => expect(bodies(peer)).toContain('first'));
  const well = {
    status: 'up',
    failures: 0,
    last_error: null,
    retry_at: null,
    last_success_ts: expect.any(Number),
    rooms_waiting: 0,
    waiting_since_ts: null,
  };
  await eventually(async () => expect((await ask('GET', of(peer), { token })).body).toMatchObject(well));
});

test('an event that a server refuses is shown with its reason, and the next one goes on', async () => {
  const { token } = await anAdministrator();
  const { alice, roomId, peer } = await aPeerThat(failing(400));
  const eventId = await say(alice, roomId, 'refused');
  const refused = { room_id: roomId, event_id: eventId, reason: 'answered 400 M_UNKNOWN out of order' };
  await eventually(async () => {
    const { body } = await ask('GET', of(peer), { token });
    expect(body).toMatchObject({ status: 'up', rooms_waiting: 0 });
    expect(body['refused']).toContainEqual({ ...refused, ts: expect.any(Number) });
    expect(body['refused_events']).toBe((body['refused'] as unknown[]).length);
  });
  peer.reply(SEND, () => Response.json({ pdus: {} }));
  await say(alice, roomId, 'taken');
  await eventually(() => expect(bodies(peer)).toContain('taken'));
});

test('a retry does not hurry a server that asked us to wait', async () => {
  const { token } = await anAdministrator();
  const limited = () =>
    Response.json({ errcode: 'M_LIMIT_EXCEEDED', error: 'x', retry_after_ms: 600_000 }, { status: 429 });
  const { alice, roomId, peer } = await aPeerThat(limited);
  await say(alice, roomId, 'too much');
  await eventually(async () =>
    expect((await ask('GET', of(peer), { token })).body).toMatchObject({ status: 'limited' }),
  );
  const { body } = await ask('POST', of(peer, '/retry'), { token });
  expect(body).toMatchObject({ status: 'limited', rooms_waiting: 1 });
  expect(body['retry_at']).toBeGreaterThan(Date.now() + 500_000);
});

test('servers are listed page by page, by name', async () => {
  const { token } = await anAdministrator();
  const names = [];
  for (const _each of [1, 2, 3]) names.push((await aPeerThat(() => Response.json({ pdus: {} }))).peer.server.name);
  const seen: string[] = [];
  for (let query: string | undefined = '?limit=2'; query !== undefined;) {
    const { body } = await ask('GET', `${PATH}${query}`, { token });
    seen.push(...(body['destinations'] as { server: string }[]).map(({ server }) => server));
    query = typeof body['next'] === 'string' ? `?limit=2&from=${encodeURIComponent(body['next'])}` : undefined;
  }
  expect(seen).toEqual([...new Set(seen)].toSorted());
  expect(seen).toEqual(expect.arrayContaining(names));
  expect(await ask('GET', `${PATH}?limit=0`, { token })).toMatchObject({ status: 400 });
});
