import { runInDurableObject } from 'cloudflare:test';
import { afterEach, expect, test, vi } from 'vitest';

import { objectStubs } from '../../../../src/durable/objects.ts';
import { aServer } from '../../../support/core/test-keys.ts';
import { aSharedRoom, bindings, config, rooms, type SharedRoom } from '../../../support/worker/a-shared-room.ts';
import { anAdministrator, ask } from '../../../support/worker/ask.ts';
import { eventually } from '../../../support/worker/eventually.ts';

const peer = aServer('peer.example:443');
const stub = objectStubs(bindings, config).destination(peer.name);

/** Notes what leaves for the peer. */
function outbox() {
  const sent: string[] = [];
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (_url, init) => {
    const { pdus = [] } = JSON.parse((init?.body as string | undefined) ?? '{}') as {
      pdus?: { content: { body: string } }[];
    };
    sent.push(...pdus.map(({ content }) => content.body));
    return Response.json({ pdus: {} });
  });
  return sent;
}

const say = (room: SharedRoom, body: string) =>
  rooms.send({
    roomId: room.roomId,
    draft: { type: 'm.room.message', sender: room.alice, content: { body, msgtype: 'm.text' } },
  });

afterEach(() => vi.restoreAllMocks());

test.each([
  ['federation off', { 'federation.enabled': false }, { 'federation.enabled': true }],
  ['an allow list without it', { 'federation.allow_list': ['other.example'] }, { 'federation.allow_list': [] }],
])(
  'with %s nothing leaves for a server from then on, and afterwards it gets what it missed',
  async (_what, off, on) => {
    const { token } = await anAdministrator();
    const change = async (settings: object) =>
      expect((await ask('PUT', '/_eyrie/admin/v1/settings', { token, body: { settings } })).status).toBe(200);
    const sent = outbox();
    const room = await aSharedRoom(peer);
    await say(room, 'before');
    await eventually(() => expect(sent).toEqual(['before']));
    const fetched = vi.mocked(globalThis.fetch).mock.calls.length;
    await change(off);
    await say(room, 'first');
    await say(room, 'second');
    await eventually(() =>
      runInDurableObject(stub, (_instance, { storage }) =>
        expect(storage.sql.exec('select * from room_cursors').toArray()).toHaveLength(1),
      ),
    );
    expect(vi.mocked(globalThis.fetch).mock.calls).toHaveLength(fetched);
    await change(on);
    await eventually(() => expect(sent).toEqual(['before', 'first', 'second']));
  },
);

test('with federation off the routes that need no signature are closed as well, but for keys and version', async () => {
  const { token } = await anAdministrator();
  const change = (isOn: boolean) =>
    ask('PUT', '/_eyrie/admin/v1/settings', { token, body: { settings: { 'federation.enabled': isOn } } });
  const statuses = async () => {
    const paths = [
      ['GET', '/_matrix/federation/v1/openid/userinfo?access_token=none'],
      ['PUT', '/_matrix/federation/v1/3pid/onbind'],
      ['POST', '/_matrix/federation/v1/3pid/onbind'],
      ['GET', '/_matrix/federation/v1/version'],
      ['GET', '/_matrix/key/v2/server'],
    ] as const;
    return Promise.all(paths.map(async ([method, path]) => (await ask(method, path)).status));
  };
  await change(false);
  await eventually(async () => expect(await statuses()).toEqual([403, 403, 403, 200, 200]));
  await change(true);
  await eventually(async () => expect(await statuses()).toEqual([401, 400, 400, 200, 200]));
});
