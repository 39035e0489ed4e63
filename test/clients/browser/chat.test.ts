import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import type { EyrieServer } from '../../support/node/eyrie-server.ts';
import { type ClientEvent, MatrixClient } from '../../support/node/matrix-client.ts';
import { startTwoEyries } from '../../support/node/two-eyries.ts';
import { until } from '../../support/node/until.ts';
import { aPicture } from '../support/a-picture.ts';
import { type PageServer, servePage } from './support/page-server.ts';
import { launchBrowser, Visitor } from './support/visitor.ts';

const PASSWORD = 'correct horse battery';

let servers: readonly [EyrieServer, EyrieServer];
let page: PageServer;
let browser: Browser;
let visitors: Visitor[] = [];
let users = 0;

beforeAll(async () => {
  [servers, page, browser] = await Promise.all([startTwoEyries(), servePage(), launchBrowser()]);
});
afterEach(async () => {
  const troubles = (await Promise.all(visitors.map((visitor) => visitor.troubles()))).flat();
  await Promise.all(visitors.map((visitor) => visitor.leave()));
  visitors = [];
  if (troubles.length > 0) throw new Error(`a page had troubles: ${troubles.join('; ')}`);
});
afterAll(async () => {
  await Promise.all([browser.close(), page.close(), ...servers.map((server) => server.remove())]);
});

function user(server: 0 | 1, name: string): Promise<MatrixClient> {
  users += 1;
  return new MatrixClient(servers[server].clientUrl).register(`${name}-${users}`, PASSWORD);
}

async function visit(): Promise<Visitor> {
  const visitor = await Visitor.arrive(browser, page.url);
  visitors.push(visitor);
  return visitor;
}

/** Alice at the page, in a room with Bob of her server and Carol of the other. */
async function conversation(
  name: string,
): Promise<Record<'bob' | 'carol', MatrixClient> & { alice: Visitor; roomId: string }> {
  const [account, bob, carol] = await Promise.all([user(0, 'alice'), user(0, 'bob'), user(1, 'carol')]);
  await account.request('PUT', `/profile/${encodeURIComponent(account.userId)}/displayname`, { displayname: 'Alice' });
  await bob.request('PUT', `/profile/${encodeURIComponent(bob.userId)}/displayname`, { displayname: 'Bob' });
  await carol.request('PUT', `/profile/${encodeURIComponent(carol.userId)}/displayname`, { displayname: 'Carol' });
  const invite = [bob.userId, carol.userId];
  const roomId = await account.createRoom({ preset: 'private_chat', name, topic: 'What birds talk about', invite });
  await bob.join(roomId);
  await until('the invitation over federation', () => carol.join(roomId));
  const alice = await visit();
  await alice.logIn(servers[0].clientUrl, account.userId, PASSWORD);
  await alice.isSyncing();
  return { alice, bob, carol, roomId };
}

/** Whether a user's server has a message with this text in the room, newest first. */
const saw = (client: MatrixClient, roomId: string, text: string): Promise<ClientEvent> =>
  until(`“${text}” at ${client.userId}`, async () =>
    (await client.messages(roomId)).chunk.find(({ content }) => content['body'] === text),
  );

test('a wrong password is told to be wrong', async () => {
  const alice = await user(0, 'alice');
  const visitor = await visit();
  await visitor.logIn(servers[0].clientUrl, alice.userId, 'something else');
  await visitor.page
    .getByRole('alert')
    .filter({ hasText: /password/i })
    .waitFor();
  await visitor.look('wrong-password');
});

test('rooms are listed with what is unread, and messages of both servers arrive live', async () => {
  const { alice, bob, carol, roomId } = await conversation('Nest');
  await alice.look('rooms');
  await bob.send(roomId, 'Anybody home?');
  await alice.page.locator('#rooms .unread').waitFor();
  await alice.openRoom('Nest');
  await alice.message('Anybody home?');
  await carol.send(roomId, 'Hello from elsewhere 🦅');
  const shown = await alice.message('Hello from elsewhere');
  expect(await shown.locator('.sender').textContent()).toBe('Carol');
  await alice.page.locator('#rooms .unread').waitFor({ state: 'detached' });
  await alice.look('live');
});

test('what is sent, edited, reacted to and deleted here is seen by the others', async () => {
  const { alice, bob, carol, roomId } = await conversation('Perch');
  await alice.openRoom('Perch');
  await alice.say('An eg');
  await alice.message('An eg');
  for (const client of [bob, carol]) await saw(client, roomId, 'An eg');
  await (await alice.message('An eg')).getByRole('button', { name: 'Edit' }).click();
  await alice.say('An egg');
  await (await alice.message('An egg')).getByText('(edited)').waitFor();
  for (const client of [bob, carol]) await saw(client, roomId, '* An egg');
  await (await alice.message('An egg')).getByRole('button', { name: 'Like' }).click();
  const { event_id: eventId } = await saw(carol, roomId, 'An eg');
  const annotation = { rel_type: 'm.annotation', event_id: eventId, key: '👍' };
  await carol.send(roomId, { 'm.relates_to': annotation }, 'm.reaction');
  await (await alice.message('An egg')).getByRole('button', { name: '👍 2' }).waitFor();
  await alice.look('edited');
  await (await alice.message('An egg')).getByRole('button', { name: 'Delete' }).click();
  await alice.page.locator('#timeline .notice', { hasText: 'deleted' }).waitFor();
  await until('it to be gone elsewhere', async () => {
    const { content } = await carol.event(roomId, eventId);
    return Object.keys(content).length === 0;
  });
  await alice.look('deleted');
});

test('edits, typing and reactions of somebody elsewhere are seen here', async () => {
  const { alice, bob, carol, roomId } = await conversation('Cliff');
  await alice.openRoom('Cliff');
  for (const client of [bob, carol]) {
    const path = `/rooms/${encodeURIComponent(roomId)}/typing/${encodeURIComponent(client.userId)}`;
    await client.request('PUT', path, { typing: true, timeout: 30_000 });
    await alice.page.getByText('is typing').waitFor();
    const sent = await client.send(roomId, `a draft of ${client.userId}`);
    await alice.message(`a draft of ${client.userId}`);
    await client.request('PUT', path, { typing: false });
    await client.send(roomId, {
      msgtype: 'm.text',
      body: '* done',
      'm.new_content': { msgtype: 'm.text', body: `done by ${client.userId}` },
      'm.relates_to': { rel_type: 'm.replace', event_id: sent },
    });
    await (await alice.message(`done by ${client.userId}`)).getByText('(edited)').waitFor();
  }
  await alice.page.locator('#typing:empty').waitFor({ state: 'attached' });
});

test('a picture is uploaded here and seen elsewhere, and the other way', async () => {
  const { alice, carol, roomId } = await conversation('Meadow');
  await alice.openRoom('Meadow');
  const bytes = Buffer.from(aPicture());
  await alice.page.setInputFiles('[name=picture]', { name: 'meadow.png', mimeType: 'image/png', buffer: bytes });
  await alice.sees('meadow.png');
  const { content } = await saw(carol, roomId, 'meadow.png');
  const path = `/_matrix/client/v1/media/download/${String(content['url']).slice('mxc://'.length)}`;
  const headers = { authorization: `Bearer ${carol.accessToken}` };
  const downloaded = await fetch(new URL(path, carol.baseUrl), { headers });
  expect(Buffer.from(await downloaded.arrayBuffer()).equals(bytes)).toBe(true);

  const png = { headers: { 'content-type': 'image/png' } };
  const { content_uri: url } = await carol.request<{ content_uri: string }>(
    'POST',
    '/_matrix/media/v3/upload?filename=far.png',
    aPicture(),
    png,
  );
  await carol.send(roomId, { msgtype: 'm.image', body: 'far.png', url });
  await alice.sees('far.png');
  await alice.look('pictures');
});

test('an invitation from elsewhere is shown and accepted', async () => {
  const [account, carol] = await Promise.all([user(0, 'alice'), user(1, 'carol')]);
  const alice = await visit();
  await alice.logIn(servers[0].clientUrl, account.userId, PASSWORD);
  await alice.isSyncing();
  const roomId = await carol.createRoom({ preset: 'private_chat', name: 'Far nest', invite: [account.userId] });
  await carol.send(roomId, 'Come in');
  await alice.page.locator('#rooms').getByText('Far nest (invitation)').click();
  await alice.page.getByText(`${carol.userId} invites you.`).waitFor();
  await alice.look('invitation');
  await alice.page.getByRole('button', { name: 'Join' }).click();
  await alice.page.locator('#rooms').getByText('Far nest', { exact: true }).waitFor();
  await alice.say('Here I am');
  await saw(carol, roomId, 'Here I am');
});

test('a page that was loaded again goes on where it was, also after its server was restarted', async () => {
  const { alice, bob, roomId } = await conversation('Ledge');
  await alice.openRoom('Ledge');
  await bob.send(roomId, 'before');
  await alice.message('before');
  await alice.page.evaluate('saveStore()');
  await alice.page.reload();
  await alice.isSyncing();
  await alice.openRoom('Ledge');
  await alice.message('before');
  await servers[0].restart();
  await bob.send(roomId, 'after');
  await alice.message('after');
  await alice.say('me too');
  await saw(bob, roomId, 'me too');
  expect(await alice.page.locator('#timeline li').count()).toBe(3);
});

test('in an encrypted room pages of both servers read each other, also after one was loaded again', async () => {
  const [one, other] = await Promise.all([user(0, 'alice'), user(1, 'carol')]);
  const encryption = { type: 'm.room.encryption', state_key: '', content: { algorithm: 'm.megolm.v1.aes-sha2' } };
  const room = { preset: 'private_chat', name: 'Vault', initial_state: [encryption], invite: [other.userId] };
  const roomId = await one.createRoom(room);
  await until('the invitation over federation', () => other.join(roomId));
  const [alice, carol] = [await visit(), await visit()];
  for (const [visitor, server, { userId }] of [
    [alice, servers[0], one],
    [carol, servers[1], other],
  ] as const) {
    await visitor.logIn(server.clientUrl, userId, PASSWORD);
    await visitor.isSyncing();
    await visitor.openRoom('Vault');
  }
  // Whoever writes has to know of the other's device.
  for (const [visitor, { userId }] of [
    [alice, other],
    [carol, one],
  ] as const) {
    await until('the device of the other page', () => visitor.page.evaluate<boolean>(`knows('${userId}')`));
  }
  await alice.say('A secret');
  await carol.message('A secret');
  await carol.say('Another one');
  await alice.message('Another one');
  await alice.look('encrypted');
  const kept = (await one.messages(roomId)).chunk.map(({ type }) => type);
  expect(kept.filter((type) => type === 'm.room.encrypted')).toHaveLength(2);
  expect(kept).not.toContain('m.room.message');
  await alice.page.evaluate('saveStore()');
  await alice.page.reload();
  await alice.isSyncing();
  await alice.openRoom('Vault');
  for (const text of ['A secret', 'Another one']) await alice.message(text);
  await alice.say('Still here');
  await carol.message('Still here');
});
