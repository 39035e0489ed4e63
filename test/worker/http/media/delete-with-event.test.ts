import { env } from 'cloudflare:workers';
import { beforeAll, expect, test, vi } from 'vitest';

import type { Env } from '../../../../src/config.ts';
import { aRoom, inRoom } from '../../../support/worker/a-peer.ts';
import { aLoggedInUser, anAdministrator, ask, type TestUser } from '../../../support/worker/ask.ts';
import { changeSettings, getMedia, uploaded } from '../../../support/worker/files.ts';

const { DB, MEDIA } = env as unknown as Env;

let admin: TestUser;
let alice: TestUser;
let bob: TestUser;
let roomId: string;
beforeAll(async () => {
  [admin, alice, bob] = [await anAdministrator(), await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  roomId = await aRoom(alice);
  await ask('POST', inRoom(roomId, '/join'), { token: bob.token, body: {} });
});

let sent = 0;
async function show({ token }: TestUser, path: string, content: object = {}): Promise<string> {
  sent += 1;
  const { body } = await ask('PUT', inRoom(roomId, `/send/m.room.message/m${sent}`), {
    token,
    body: { msgtype: 'm.image', body: 'x', url: `mxc://${path}`, ...content },
  });
  return String(body['event_id']);
}
async function redact(eventId: string, { token }: TestUser = alice): Promise<string> {
  sent += 1;
  const { body } = await ask('PUT', inRoom(roomId, `/redact/${encodeURIComponent(eventId)}/m${sent}`), {
    token,
    body: {},
  });
  return String(body['event_id']);
}
const status = async (path: string) => {
  const response = await getMedia(alice, `download/${path}`);
  await response.body?.cancel();
  return response.status;
};
/** A redaction reaches the files by the projection, after its answer. */
async function isGone(path: string): Promise<void> {
  await vi.waitFor(async () => expect(await status(path)).toBe(404), { timeout: 60_000, interval: 50 });
}

test('with the setting a file goes with its redacted event, and no other does', async () => {
  await changeSettings(admin, { 'media.delete_with_event': true });
  const [gone, shared, ofBob, thumb] = [
    await uploaded(alice, 'gone'),
    await uploaded(alice, 'shared'),
    await uploaded(bob, 'bob'),
    await uploaded(alice, 'thumbnail'),
  ];
  const twice = await show(alice, shared);
  await show(bob, 'else.test/x', { body: `mxc://${shared}` });
  await redact(twice);
  await redact(await show(alice, ofBob));
  await redact(await show(alice, gone, { info: { thumbnail_file: { url: `mxc://${thumb}` } } }));
  await isGone(gone);
  expect([await status(shared), await status(ofBob), await status(thumb)]).toEqual([200, 200, 404]);
  await vi.waitFor(async () => expect((await MEDIA.list({ prefix: `${gone}/` })).objects).toEqual([]), {
    timeout: 60_000,
    interval: 50,
  });
  const byModerator = await uploaded(bob, 'rude');
  await redact(await show(bob, byModerator));
  await isGone(byModerator);
});

test('without the setting it stays', async () => {
  await changeSettings(admin, { 'media.delete_with_event': false });
  const stays = await uploaded(alice, 'stays');
  const redaction = await redact(await show(alice, stays));
  const projected = DB.prepare('select 1 from events where event_id = ?').bind(redaction);
  await vi.waitFor(async () => expect(await projected.first()).not.toBeNull(), { timeout: 60_000, interval: 50 });
  await changeSettings(admin, { 'media.delete_with_event': true });
  const gone = await uploaded(alice, 'later');
  await redact(await show(alice, gone));
  await isGone(gone);
  expect(await status(stays)).toBe(200);
});
