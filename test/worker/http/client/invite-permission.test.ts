// Who wants no invitations gets none (Client-Server API, "Invite permission")
import { expect, test } from 'vitest';

import { aClient, type Client, type SyncBody } from '../../../support/worker/client.ts';
import { sliderOf } from '../../../support/worker/sliding.ts';

const permission = (client: Client, content: object) =>
  client.ask('PUT', `/user/${encodeURIComponent(client.userId)}/account_data/m.invite_permission_config`, content);

const blocked = { status: 403, body: { errcode: 'M_INVITE_BLOCKED' } };
const invitesOf = (body: SyncBody) => Object.keys(body.rooms?.invite ?? {});

test('who blocks invitations is invited neither by the call nor by the state event, until they allow them', async () => {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const roomId = await alice.create();
  await permission(bob, { default_action: 'block' });
  const invite = () => alice.inRoom('POST', roomId, 'invite', { user_id: bob.userId });
  expect(await invite()).toMatchObject(blocked);
  const path = `state/m.room.member/${encodeURIComponent(bob.userId)}`;
  expect(await alice.inRoom('PUT', roomId, path, { membership: 'invite' })).toMatchObject(blocked);
  expect(await alice.inRoom('GET', roomId, path)).toMatchObject({ status: 404 });
  await permission(bob, {});
  expect((await invite()).status).toBe(200);
  await bob.syncUntil((body) => invitesOf(body).includes(roomId));
});

test('a room is made although one of the invited blocks invitations', async () => {
  const [alice, bob, carol] = [await aClient('alice'), await aClient('bob'), await aClient('carol')];
  await permission(bob, { default_action: 'block' });
  const roomId = await alice.create({ invite: [bob.userId, carol.userId] });
  await carol.syncUntil((body) => invitesOf(body).includes(roomId));
  const member = await alice.inRoom('GET', roomId, `state/m.room.member/${encodeURIComponent(bob.userId)}`);
  expect(member.status).toBe(404);
});

test('an invitation of before is hidden while invitations are blocked, in both forms of sync', async () => {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const roomId = await alice.create({ invite: [bob.userId] });
  await bob.syncUntil((body) => invitesOf(body).includes(roomId));
  const list = { lists: { all: { ranges: [[0, 9]], timeline_limit: 1, required_state: [] } } };
  await permission(bob, { default_action: 'block' });
  expect(invitesOf(await bob.sync())).toEqual([]);
  expect((await sliderOf(bob).next(list)).rooms).toEqual({});
  await permission(bob, { default_action: 'something new' });
  expect(invitesOf(await bob.sync())).toEqual([roomId]);
  expect(Object.keys((await sliderOf(bob).next(list)).rooms)).toEqual([roomId]);
});
