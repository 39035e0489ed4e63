// A restricted room that we are in, where only users of another server may invite (Server-Server API, "Restricted rooms")
import { afterEach, expect, test } from 'vitest';

import { parsePdu } from '../../../../../src/matrix/event/format.ts';
import { signPdu } from '../../../../../src/matrix/event/sign.ts';
import type { EventId, RoomId } from '../../../../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../../../../src/matrix/json/json-value.ts';
import { rulesOf } from '../../../../support/core/rules-of.ts';
import { aPeer, aRoom, forgetPeers, inRoom, joinFrom, type Peer } from '../../../../support/worker/a-peer.ts';
import { aLoggedInUser, ask, type TestUser } from '../../../../support/worker/ask.ts';

afterEach(forgetPeers);

const rules = rulesOf('11');

async function put({ token }: TestUser, roomId: RoomId, type: string, body: JsonObject): Promise<EventId> {
  const answer = await ask('PUT', inRoom(roomId, `/state/${type}`), { token, body });
  expect(answer.status).toBe(200);
  return answer.body['event_id'] as EventId;
}

/** Alice is in a room with Eve of the peer, who alone may invite; it lets in members of a space, as Carol is. */
async function aWorld() {
  const [alice, carol, peer] = [await aLoggedInUser('alice'), await aLoggedInUser('carol'), aPeer()];
  const [space, room] = [await aRoom(alice), await aRoom(alice)];
  const { userId: eve } = await joinFrom(peer, room);
  expect((await ask('POST', inRoom(space, '/join'), { token: carol.token, body: {} })).status).toBe(200);
  const allow = [{ type: 'm.room_membership', room_id: space }];
  await put(alice, room, 'm.room.join_rules', { join_rule: 'restricted', allow });
  const levels = { users: { [eve]: 100, [alice.userId]: 50 }, invite: 100 };
  const last = await put(alice, room, 'm.room.power_levels', levels);
  const join = (who: TestUser) => ask('POST', inRoom(room, '/join'), { token: who.token, body: {} });
  return { alice, carol, peer, eve, room, last, join };
}

/** The peer answers as the resident server does. */
async function lettingIn(peer: Peer, world: Awaited<ReturnType<typeof aWorld>>, isSigned = true): Promise<void> {
  const { alice, carol, eve, room, last } = world;
  const state = await ask('GET', inRoom(room, '/state'), { token: alice.token });
  const idOf = (type: string, stateKey: string) =>
    (state.body as unknown as JsonObject[]).find((each) => each['type'] === type && each['state_key'] === stateKey)?.[
      'event_id'
    ] as EventId;
  peer.reply('/_matrix/federation/v1/make_join/', () => ({
    room_version: '11',
    event: {
      type: 'm.room.member',
      room_id: room,
      sender: carol.userId,
      state_key: carol.userId,
      content: { membership: 'join', join_authorised_via_users_server: eve },
      prev_events: [last],
      auth_events: [
        idOf('m.room.create', ''),
        idOf('m.room.power_levels', ''),
        idOf('m.room.join_rules', ''),
        idOf('m.room.member', eve),
      ],
      depth: 40,
      origin_server_ts: 1,
    },
  }));
  peer.reply('/_matrix/federation/v2/send_join/', ({ body = {} }) => {
    const pdu = parsePdu(rules, body);
    const signed = pdu.ok ? signPdu(rules, pdu.value, peer.server.name, peer.server.signingKey) : pdu;
    if (!signed.ok) throw new Error('no join');
    return { state: [], auth_chain: [], members_omitted: true, event: isSigned ? signed.value.json : body };
  });
}

test('a server of one who may lets the user in, and the join is here at once', async () => {
  const world = await aWorld();
  const { alice, carol, peer, eve, room, join } = world;
  await lettingIn(peer, world);
  expect((await join(carol)).status).toBe(200);
  const member = inRoom(room, `/state/m.room.member/${encodeURIComponent(carol.userId)}`);
  expect((await ask('GET', member, { token: alice.token })).body).toMatchObject({
    membership: 'join',
    join_authorised_via_users_server: eve,
  });
  expect((await ask('GET', '/_matrix/client/v3/sync', { token: carol.token })).body).toHaveProperty([
    'rooms',
    'join',
    room,
  ]);
  const targets = peer.received.map(({ target }) => target);
  expect(targets.filter((target) => target.includes('/make_join/'))).toHaveLength(1);
  expect(targets.filter((target) => /\/send_join\/.*[?]omit_members=true$/.test(target))).toHaveLength(1);
});

test('what that server refuses is passed on, and a join that it did not sign does not count', async () => {
  const world = await aWorld();
  const { alice, carol, peer, room, join } = world;
  peer.reply('/_matrix/federation/v1/make_join/', () =>
    Response.json({ errcode: 'M_FORBIDDEN', error: 'not you' }, { status: 403 }),
  );
  expect(await join(carol)).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  await lettingIn(peer, world, false);
  expect((await join(carol)).status).toBe(502);
  const member = inRoom(room, `/state/m.room.member/${encodeURIComponent(carol.userId)}`);
  expect((await ask('GET', member, { token: alice.token })).status).toBe(404);
});
