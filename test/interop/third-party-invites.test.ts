import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { aSigningKey, signedAs } from '../support/core/signed-json.ts';
import type { FollowingClient } from './support/following-client.ts';
import { directions, usePair } from './support/pair.ts';
import { refusal } from './support/refusal.ts';
import { expectSameState, shareRoom } from './support/shared-room.ts';

const pair = usePair();
const IDENTITY_SERVER = 'identity.example';
const key = aSigningKey();

/** What is asked of an identity server about its key; the rest of it the tests do themselves. */
let isKeyValid = true;
let identity: Server;
let keyValidityUrl = '';
beforeAll(async () => {
  const { cert, key: tlsKey } = await pair.authority.certificate();
  identity = createServer({ cert: readFileSync(cert), key: readFileSync(tlsKey) }, (_, answer) => {
    answer.writeHead(200, { 'content-type': 'application/json' });
    answer.end(JSON.stringify({ valid: isKeyValid }));
  });
  await new Promise<void>((resolve) => identity.listen(0, '127.0.0.1', resolve));
  const address = identity.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  keyValidityUrl = `https://localhost:${port}/_matrix/identity/v2/pubkey/isvalid`;
});
afterAll(async () => {
  identity.closeAllConnections();
  await new Promise((resolve) => identity.close(resolve));
});

describe.each(directions())('$title', (direction) => {
  const { host, joiner } = direction;

  /** An address is invited, and turns out to be dora's, who is of the joining server. */
  async function invitedBy(alice: FollowingClient, roomId: string) {
    const dora = await pair.user(joiner, 'dora');
    const token = randomBytes(12).toString('hex');
    const publicKey = { public_key: key.publicKey, key_validity_url: keyValidityUrl };
    const content = { display_name: 'd...@e...', ...publicKey, public_keys: [publicKey] };
    const invitation = await alice.sendState(roomId, 'm.room.third_party_invite', content, token);
    const signed = signedAs(IDENTITY_SERVER, key, { mxid: dora.userId, token, sender: alice.userId });
    /** What an identity server says to dora's server. */
    const bind = async () => {
      const address = { medium: 'email', address: 'dora@example.org', mxid: dora.userId };
      const body = JSON.stringify({
        ...address,
        invites: [{ ...address, room_id: roomId, sender: alice.userId, signed }],
      });
      await pair.caller(joiner).ask({ method: 'POST', target: '/_matrix/federation/v1/3pid/onbind', body });
    };
    return { dora, invitation, bind };
  }

  async function expectGuest(alice: FollowingClient, dora: FollowingClient, roomId: string): Promise<void> {
    await dora.seesInvite(roomId);
    await alice.seesMembership(roomId, dora.userId, 'invite');
    const invite = alice.room(roomId).state('m.room.member', dora.userId);
    expect(invite?.content).toMatchObject({ third_party_invite: { display_name: 'd...@e...' } });
    expect(invite?.sender).toBe(alice.userId);
    await dora.join(roomId);
    await alice.seesMembership(roomId, dora.userId, 'join');
    await alice.seesEvent(roomId, await dora.send(roomId, 'by letter'));
    await expectSameState(alice, dora, roomId);
  }

  test.each(['1', '6', '10', '11', '12'])(
    'version %s: the invitation of an address is exchanged by the server of whose user it is, which is in the room',
    async (version) => {
      const { alice, bob, roomId } = await shareRoom(pair, direction, { room_version: version });
      const { dora, invitation, bind } = await invitedBy(alice, roomId);
      await bob.seesEvent(roomId, invitation);
      await bind();
      await expectGuest(alice, dora, roomId);
    },
  );

  test.each(['10', '12'])(
    'version %s: it is exchanged over the server of who invited, where that of the user is not in the room',
    async (version) => {
      const alice = await pair.user(host, 'alice');
      const roomId = await alice.createRoom({ preset: 'private_chat', room_version: version });
      const { dora, bind } = await invitedBy(alice, roomId);
      await bind();
      await expectGuest(alice, dora, roomId);
    },
  );

  test('a key that the identity server has withdrawn invites nobody', async () => {
    const alice = await pair.user(host, 'alice');
    const roomId = await alice.createRoom({ preset: 'private_chat' });
    const { dora, bind } = await invitedBy(alice, roomId);
    isKeyValid = false;
    await bind();
    isKeyValid = true;
    expect(await refusal(alice.state(roomId, 'm.room.member', dora.userId))).toMatchObject({ status: 404 });
    await bind();
    await expectGuest(alice, dora, roomId);
  });
});
