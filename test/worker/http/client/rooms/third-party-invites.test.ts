import { afterEach, expect, test, vi } from 'vitest';

import { sha256 } from '../../../../../src/matrix/crypto/sha256.ts';
import { signatureOf } from '../../../../../src/matrix/event/sign.ts';
import type { UserId } from '../../../../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../../../../src/matrix/json/json-value.ts';
import { rulesOf } from '../../../../support/core/rules-of.ts';
import {
  aPeer,
  aRoom,
  eventIdOf,
  federation,
  forgetPeers,
  inRoom,
  joinFrom,
  v3,
  type Peer,
} from '../../../../support/worker/a-peer.ts';
import { anIdentityServer, type IdentityServer } from '../../../../support/worker/an-identity-server.ts';
import { aLoggedInUser, ask, type TestUser } from '../../../../support/worker/ask.ts';
import { clientOf } from '../../../../support/worker/client.ts';

afterEach(forgetPeers);
vi.setConfig({ testTimeout: 20_000 });

const enc = encodeURIComponent;
const hashed = sha256('bob@example.com email matrixrocks').toString('base64url');

const invite = ({ token }: TestUser, roomId: string, body: JsonObject) =>
  ask('POST', inRoom(roomId, '/invite'), { token, body });

const stateOf = async ({ token }: TestUser, roomId: string, type: string, key: string) =>
  (await ask('GET', inRoom(roomId, `/state/${type}/${enc(key)}`), { token })).body;

const bind = (mxid: string, roomId: string, sender: string, signed: JsonObject, method = 'POST') =>
  ask(method, `${federation}/3pid/onbind`, {
    body: {
      medium: 'email',
      address: 'bob@example.com',
      mxid,
      invites: [{ medium: 'email', address: 'bob@example.com', mxid, room_id: roomId, sender, signed }],
    },
  });

/** A room of alice's to which an address is invited. */
async function anInvitedAddress() {
  const alice = await aLoggedInUser('alice');
  const roomId = await aRoom(alice, { preset: 'private_chat', name: 'The room' });
  const identity = anIdentityServer();
  expect(await invite(alice, roomId, identity.invite())).toMatchObject({ status: 200, body: {} });
  return { alice, roomId, identity };
}

const membershipOf = async (viewer: TestUser, roomId: string, userId: string) =>
  (await stateOf(viewer, roomId, 'm.room.member', userId))['membership'];

test('an address that belongs to nobody is written to, and stands in the room until it does', async () => {
  const { alice, roomId, identity } = await anInvitedAddress();
  const { signingKey, name } = identity.peer.server;
  expect(await stateOf(alice, roomId, 'm.room.third_party_invite', 'the-token')).toEqual({
    display_name: 'b...@e...',
    public_key: signingKey.publicKey,
    key_validity_url: `https://${name}/_matrix/identity/v2/pubkey/isvalid`,
    public_keys: [
      { public_key: signingKey.publicKey, key_validity_url: `https://${name}/_matrix/identity/v2/pubkey/isvalid` },
    ],
  });
  expect(identity.asked('lookup')).toMatchObject([
    {
      authorization: 'Bearer of-the-client',
      body: { addresses: [hashed], algorithm: 'sha256', pepper: 'matrixrocks' },
    },
  ]);
  expect(identity.asked('store-invite')).toMatchObject([
    {
      body: {
        medium: 'email',
        address: 'bob@example.com',
        room_id: roomId,
        sender: alice.userId,
        room_name: 'The room',
        room_join_rules: 'invite',
      },
    },
  ]);
});

test('an address that belongs to a user is an invitation of that user', async () => {
  const alice = await aLoggedInUser('alice');
  const bob = await aLoggedInUser('bob');
  const roomId = await aRoom(alice);
  const identity = anIdentityServer();
  identity.mappings = { [hashed]: bob.userId };
  expect(await invite(alice, roomId, identity.invite())).toMatchObject({ status: 200 });
  expect(await membershipOf(alice, roomId, bob.userId)).toBe('invite');
  expect(identity.asked('store-invite')).toEqual([]);
});

test('nobody is written to for who may not invite', async () => {
  const alice = await aLoggedInUser('alice');
  const bob = await aLoggedInUser('bob');
  const roomId = await aRoom(alice, { power_level_content_override: { invite: 50 } });
  await ask('POST', inRoom(roomId, '/join'), { token: bob.token, body: {} });
  const identity = anIdentityServer();
  expect(await invite(bob, roomId, identity.invite())).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  const carol = await aLoggedInUser('carol');
  expect((await invite(carol, roomId, identity.invite())).status).toBe(403);
  expect(identity.asked('')).toEqual([]);
});

test.each([
  ['refuses the token', () => new Response('{"errcode":"M_UNAUTHORIZED","error":"no"}', { status: 401 }), 403],
  ['is broken', () => new Response('{}', { status: 500 }), 502],
  ['answers with what is no JSON', () => new Response('<html>'), 502],
  ['knows no way of looking up', () => Response.json({ algorithms: ['none'], lookup_pepper: 'x' }), 502],
])('an identity server that %s ends nobody’s session', async (_what, answer, status) => {
  const alice = await aLoggedInUser('alice');
  const identity = anIdentityServer();
  identity.peer.reply('/_matrix/identity/v2/hash_details', answer);
  expect((await invite(alice, await aRoom(alice), identity.invite())).status).toBe(status);
});

test.each([
  ['a private address', { id_server: '127.0.0.1:8090' }, '403 M_FORBIDDEN'],
  ['a name of the local network', { id_server: 'identity.local' }, '403 M_FORBIDDEN'],
  ['what is no server', { id_server: 'https://x/../' }, '400 M_INVALID_PARAM'],
  ['a token that ends the header', { id_access_token: 'x\r\nHost: y' }, '400 M_INVALID_PARAM'],
  ['an unknown medium', { medium: 'pigeon' }, '400 M_BAD_JSON'],
  ['no address', { address: undefined }, '400 M_MISSING_PARAM'],
])('%s is refused', async (_what, change, expected) => {
  const alice = await aLoggedInUser('alice');
  const identity = anIdentityServer();
  const answer = await invite(alice, await aRoom(alice), { ...identity.invite(), ...change });
  expect(`${answer.status} ${String(answer.body['errcode'])}`).toBe(expected);
  expect(identity.peer.received).toEqual([]);
});

test('addresses are invited to a new room; those that cannot be do not fail it', async () => {
  const alice = await aLoggedInUser('alice');
  const identity = anIdentityServer();
  const gone = { ...identity.invite(), id_server: 'gone.example:443' };
  const roomId = await aRoom(alice, { invite_3pid: [gone, identity.invite()] });
  expect(await stateOf(alice, roomId, 'm.room.third_party_invite', 'the-token')).toMatchObject({
    display_name: 'b...@e...',
  });
});

test.each(['POST', 'PUT'])('who binds the address is invited (%s)', async (method) => {
  const { alice, roomId, identity } = await anInvitedAddress();
  const bob = await aLoggedInUser('bob');
  const signed = identity.signed(bob.userId);
  expect(await bind(bob.userId, roomId, alice.userId, signed, method)).toMatchObject({ status: 200, body: {} });
  expect(await stateOf(alice, roomId, 'm.room.member', bob.userId)).toMatchObject({
    membership: 'invite',
    third_party_invite: { display_name: 'b...@e...', signed },
  });
  await clientOf(bob).syncUntil(({ rooms }) => rooms?.invite?.[roomId] !== undefined);
  await clientOf(bob).join(roomId);
});

test('who invited need not be in the room any more', async () => {
  const { alice, roomId, identity } = await anInvitedAddress();
  const carol = await aLoggedInUser('carol');
  await invite(alice, roomId, { user_id: carol.userId });
  await clientOf(carol).join(roomId);
  await ask('POST', inRoom(roomId, '/leave'), { token: alice.token, body: {} });
  const bob = await aLoggedInUser('bob');
  await bind(bob.userId, roomId, alice.userId, identity.signed(bob.userId));
  expect(await membershipOf(carol, roomId, bob.userId)).toBe('invite');
});

type Forge = (world: { identity: IdentityServer; bob: string; mallory: string }) => JsonObject;
const forgeries: [string, Forge][] = [
  ['unsigned', ({ bob }) => ({ mxid: bob, token: 'the-token', signatures: {} })],
  ['for another user', ({ identity, mallory }) => identity.signed(mallory)],
  ['for another token', ({ identity, bob }) => identity.signed(bob, 'other')],
  ['signed by another', ({ bob }) => anIdentityServer().signed(bob)],
];

test.each(forgeries)('a binding that is %s invites nobody', async (_what, forge) => {
  const { alice, roomId, identity } = await anInvitedAddress();
  const [bob, mallory] = [await aLoggedInUser('bob'), await aLoggedInUser('mallory')];
  const signed = forge({ identity, bob: bob.userId, mallory: mallory.userId });
  expect((await bind(bob.userId, roomId, alice.userId, signed)).status).toBe(200);
  expect(await membershipOf(alice, roomId, bob.userId)).toBeUndefined();
});

test('a key that the identity server has withdrawn invites nobody', async () => {
  const { alice, roomId, identity } = await anInvitedAddress();
  const bob = await aLoggedInUser('bob');
  identity.isKeyValid = false;
  await bind(bob.userId, roomId, alice.userId, identity.signed(bob.userId));
  expect(await membershipOf(alice, roomId, bob.userId)).toBeUndefined();
});

test('who is in the room or banned stays so', async () => {
  const { alice, roomId, identity } = await anInvitedAddress();
  const [bob, carol] = [await aLoggedInUser('bob'), await aLoggedInUser('carol')];
  await invite(alice, roomId, { user_id: bob.userId });
  await clientOf(bob).join(roomId);
  await ask('POST', inRoom(roomId, '/ban'), { token: alice.token, body: { user_id: carol.userId } });
  for (const { userId } of [bob, carol]) {
    expect((await bind(userId, roomId, alice.userId, identity.signed(userId))).status).toBe(200);
  }
  expect(await membershipOf(alice, roomId, bob.userId)).toBe('join');
  expect(await membershipOf(alice, roomId, carol.userId)).toBe('ban');
});

test('a binding of who is not ours is refused', async () => {
  const answer = await bind(
    '@nobody:eyrie.test',
    '!x:eyrie.test',
    '@a:eyrie.test',
    anIdentityServer().signed('@x:y.z'),
  );
  expect(answer).toMatchObject({ status: 404, body: { errcode: 'M_NOT_FOUND' } });
});

test('an invitation by another server’s user is exchanged there', async () => {
  const identity = anIdentityServer();
  const peer = aPeer();
  peer.reply('/_matrix/federation/v1/exchange_third_party_invite/', () => ({}));
  const bob = await aLoggedInUser('bob');
  const roomId = `!far:${peer.server.name}`;
  const signed = identity.signed(bob.userId);
  expect((await bind(bob.userId, roomId, peer.user('eve'), signed)).status).toBe(200);
  const asked = peer.received.find(({ target }) => target.includes('exchange_third_party_invite'));
  expect(asked?.body).toEqual({
    type: 'm.room.member',
    room_id: roomId,
    sender: peer.user('eve'),
    state_key: bob.userId,
    content: { membership: 'invite', third_party_invite: { display_name: '', signed } },
  });
  const away = `@eve:away.example:443`;
  expect((await bind(bob.userId, roomId, away, signed)).status).toBe(502);
});

function exchange(peer: Peer, roomId: string, sender: string, userId: string, signed: JsonObject) {
  const content = { membership: 'invite', third_party_invite: { display_name: 'x', signed } };
  const event = { type: 'm.room.member', room_id: roomId, sender, state_key: userId, content };
  return peer.ask('PUT', `${federation}/exchange_third_party_invite/${enc(roomId)}`, event);
}

test('another server exchanges the invitation for its user, and signs it', async () => {
  const { alice, roomId, identity } = await anInvitedAddress();
  const peer = aPeer();
  const eve = peer.user('eve');
  peer.reply('/_matrix/federation/v2/invite/', ({ body }) => {
    const event = body?.['event'] as JsonObject;
    const { name, signingKey } = peer.server;
    const signatures = signatureOf(rulesOf('11'), event, name, signingKey);
    return { event: { ...event, signatures: { ...(event['signatures'] as JsonObject), ...signatures } } };
  });
  const signed = identity.signed(eve);
  expect(await exchange(peer, roomId, alice.userId, eve, signed)).toEqual({ status: 200, body: {} });
  expect(await stateOf(alice, roomId, 'm.room.member', eve)).toMatchObject({
    membership: 'invite',
    third_party_invite: { display_name: 'b...@e...', signed },
  });
});

/** A server that is in the room makes the invitation itself, in the name of who invited the address. */
async function inviteByResident(signedBy: (identity: IdentityServer, userId: string) => JsonObject) {
  const { alice, roomId, identity } = await anInvitedAddress();
  await ask('PUT', inRoom(roomId, '/state/m.room.join_rules'), { token: alice.token, body: { join_rule: 'public' } });
  const peer = aPeer();
  const eve = await joinFrom(peer, roomId);
  await ask('PUT', inRoom(roomId, '/state/m.room.join_rules'), { token: alice.token, body: { join_rule: 'invite' } });
  const dora = peer.user('dora');
  const authEvents = (eve.answer['state'] as JsonObject[])
    .filter(({ type, sender }) => type !== 'm.room.member' || sender === alice.userId)
    .filter(({ type }) => /create|power_levels|join_rules|member|third_party_invite/.test(type as string))
    .map(eventIdOf);
  const content = {
    membership: 'invite',
    third_party_invite: { display_name: 'b...@e...', signed: signedBy(identity, dora) },
  };
  const sender = alice.userId as UserId;
  const invitation = eve.event({ type: 'm.room.member', sender, stateKey: dora, content, authEvents });
  await peer.push(invitation.json);
  return { alice, roomId, dora };
}

test('a server in the room exchanges the invitation by itself', async () => {
  const { alice, roomId, dora } = await inviteByResident((identity, userId) => identity.signed(userId));
  expect(await membershipOf(alice, roomId, dora)).toBe('invite');
});

test.each<[string, (identity: IdentityServer, userId: string) => JsonObject]>([
  ['nobody signed', (_, mxid) => ({ mxid, token: 'the-token', signatures: {} })],
  ['another identity server signed', (_, userId) => anIdentityServer().signed(userId)],
  ['nobody invited', (identity, userId) => identity.signed(userId, 'other')],
])('it exchanges none that %s', async (_what, signedBy) => {
  const { alice, roomId, dora } = await inviteByResident(signedBy);
  expect(await membershipOf(alice, roomId, dora)).toBeUndefined();
});

test('an exchange is for the asker’s own users, in rooms and by inviters of ours, unless the ACL forbids it', async () => {
  const { alice, roomId, identity } = await anInvitedAddress();
  const peer = aPeer();
  const eve = peer.user('eve');
  const status = async (...args: Parameters<typeof exchange>) => (await exchange(...args)).status;
  expect(await status(peer, roomId, alice.userId, '@eve:else.example', identity.signed('@eve:else.example'))).toBe(403);
  expect(await status(peer, roomId, peer.user('mallory'), eve, identity.signed(eve))).toBe(403);
  expect(await status(peer, '!none:eyrie.test', alice.userId, eve, identity.signed(eve))).toBe(404);
  const acl = { allow: ['*'], deny: ['never*'] };
  await ask('PUT', inRoom(roomId, '/state/m.room.server_acl'), { token: alice.token, body: acl });
  expect(await status(peer, roomId, alice.userId, eve, identity.signed(eve))).toBe(403);
  expect(peer.received.some(({ target }) => target.includes('/invite/'))).toBe(false);
});

test('who has joined is not invited out of the room by an exchange', async () => {
  const alice = await aLoggedInUser('alice');
  const roomId = await aRoom(alice);
  const identity = anIdentityServer();
  await invite(alice, roomId, identity.invite());
  const peer = aPeer();
  const eve = await joinFrom(peer, roomId);
  expect((await exchange(peer, roomId, alice.userId, eve.userId, identity.signed(eve.userId))).status).toBe(403);
  const { body } = await ask('GET', `${v3}/rooms/${enc(roomId)}/joined_members`, { token: alice.token });
  expect(Object.keys(body['joined'] as object)).toContain(eve.userId);
});
