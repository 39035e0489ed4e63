import { expect, test } from 'vitest';

import { aPeer, aRoom, forgetPeers, joinFrom } from '../../../support/worker/a-peer.ts';
import { aLoggedInUser, anAdministrator, ask } from '../../../support/worker/ask.ts';

const PATH = '/_eyrie/admin/v1/audit-log';

interface Page {
  readonly entries: readonly { readonly id: number; readonly user_id: string; readonly detail: unknown }[];
  readonly next?: string;
}

test('only administrators read the audit log', async () => {
  const { token } = await aLoggedInUser();
  expect(await ask('GET', PATH)).toMatchObject({ status: 401 });
  expect(await ask('GET', PATH, { token })).toMatchObject({ status: 403 });
});

test('the log says who changed what, the newest first, page by page, by user and by action', async () => {
  const [admin, other] = [await anAdministrator(), await anAdministrator()];
  const { token, userId } = admin;
  const page = async (fields: Readonly<Record<string, string>>) => {
    const { status, body } = await ask('GET', `${PATH}?${new URLSearchParams(fields).toString()}`, { token });
    expect(status).toBe(200);
    return body as unknown as Page;
  };
  const change = (by: string, value: number) =>
    ask('PUT', '/_eyrie/admin/v1/settings', {
      token: by,
      body: { settings: { 'media.user_quota_bytes': value } },
    });
  for (const value of [10, 20, 30]) expect((await change(token, value)).status).toBe(200);
  await change(other.token, 40);
  const one = await page({ user_id: userId, limit: '2' });
  const entry = (from: number, to: number) => ({
    id: expect.any(Number),
    ts: expect.any(Number),
    user_id: userId,
    action: 'settings',
    detail: { 'media.user_quota_bytes': { from, to } },
  });
  expect(one).toEqual({ entries: [entry(20, 30), entry(10, 20)], next: String(one.entries[1]?.id) });
  const two = await page({ user_id: userId, limit: '2', from: one.next ?? '' });
  expect(two).toEqual({ entries: [entry(0, 10)] });
  expect((await page({})).entries[0]).toMatchObject({ user_id: other.userId });
  await ask('POST', '/_eyrie/admin/v1/registration-tokens', { token, body: {} });
  expect((await page({ user_id: userId, action: 'registration_token_made' })).entries).toMatchObject([{ detail: {} }]);
  expect((await page({ user_id: userId, action: 'nothing' })).entries).toEqual([]);
  await change(token, 0);
});

test.each(['limit=0', 'from=newest', 'user_id=alice', 'user_id=@alice:eyrie.test&appservice_id=bridge'])(
  'a page of the log by %s is refused',
  async (query) => {
    const { token } = await anAdministrator();
    expect(await ask('GET', `${PATH}?${query}`, { token })).toMatchObject({ status: 400 });
  },
);

test('what administrators have done again or anew is in the log, too', async () => {
  const { token, userId } = await anAdministrator();
  const alice = await aLoggedInUser('alice');
  const roomId = await aRoom(alice);
  const peer = aPeer();
  await joinFrom(peer, roomId);
  const room = `/_eyrie/admin/v1/rooms/${encodeURIComponent(roomId)}`;
  for (const path of [
    `${room}/retry-parked`,
    `${room}/rebuild-projection`,
    `/_eyrie/admin/v1/destinations/${encodeURIComponent(peer.server.name)}/retry`,
  ]) {
    expect(await ask('POST', path, { token })).toMatchObject({ status: 200 });
  }
  const { body } = await ask('GET', `${PATH}?user_id=${userId}`, { token });
  expect(body['entries']).toMatchObject([
    { action: 'retry_destination', detail: { server: peer.server.name } },
    { action: 'rebuild_projection', detail: { room_id: roomId } },
    { action: 'retry_parked', detail: { room_id: roomId, retried: 0 } },
  ]);
  forgetPeers();
});
