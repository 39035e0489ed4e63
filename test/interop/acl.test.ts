import { describe, expect, test } from 'vitest';

import type { FollowingClient } from './support/following-client.ts';
import { directions, usePair } from './support/pair.ts';
import { refusal } from './support/refusal.ts';
import { expectSameState, shareRoom, textsOf, wholeHistory } from './support/shared-room.ts';
import { until } from '../support/node/until.ts';

// ACLs look at no port: the servers need different hosts. An Eyrie is not called by an address: the second is a Synapse.
const pair = usePair({ hosts: { first: 'localhost', second: '127.0.0.1' } });

const setTyping = (client: FollowingClient, roomId: string, typing: boolean) =>
  client.request('PUT', `/rooms/${encodeURIComponent(roomId)}/typing/${encodeURIComponent(client.userId)}`, {
    typing,
    ...(typing ? { timeout: 30_000 } : {}),
  });
const read = (client: FollowingClient, roomId: string, eventId: string) =>
  client.request('POST', `/rooms/${encodeURIComponent(roomId)}/receipt/m.read/${encodeURIComponent(eventId)}`, {});

describe.each(directions())('$title', (direction) => {
  const { host, joiner } = direction;
  const denied = () => pair.server(joiner).serverName.replace(/:\d+$/, '');
  const open = { allow: ['*'], allow_ip_literals: true };
  const closed = () => ({ ...open, deny: [denied()] });

  test('what a denied server sends does not arrive, and all of it does once it is let in again', async () => {
    const { alice, bob, roomId } = await shareRoom(pair, direction);
    const elsewhere = await shareRoom(pair, direction);
    const before = await alice.send(roomId, 'before');
    await bob.seesEvent(roomId, before);
    await bob.seesEvent(roomId, await alice.sendState(roomId, 'm.room.server_acl', closed()));

    const unheard = await bob.send(roomId, 'unheard');
    await setTyping(bob, roomId, true);
    await read(bob, roomId, before);
    // What comes after it over the same way has passed it.
    await elsewhere.alice.seesEvent(elsewhere.roomId, await elsewhere.bob.send(elsewhere.roomId, 'behind it'));
    await setTyping(elsewhere.bob, elsewhere.roomId, true);
    await elsewhere.alice.sees('typing elsewhere', () => elsewhere.alice.room(elsewhere.roomId).typing.length > 0);
    await alice.catchUp();
    expect(alice.room(roomId).texts()).toEqual(['before']);
    expect(alice.room(roomId).typing).toEqual([]);
    expect(alice.room(roomId).hasRead(bob.userId, before)).toBe(false);
    expect(await refusal(alice.event(roomId, unheard))).toMatchObject({ status: 404 });

    await alice.sendState(roomId, 'm.room.server_acl', open);
    await bob.seesEvent(roomId, await alice.send(roomId, 'come back'));
    const heard = await bob.send(roomId, 'heard');
    await alice.seesEvent(roomId, heard);
    await read(bob, roomId, heard);
    await alice.sees('a receipt', () => alice.room(roomId).hasRead(bob.userId, heard));
    for (const client of [alice, bob]) {
      await until('the same history', async () => {
        const texts = new Set(textsOf(await wholeHistory(client, roomId)));
        expect(texts).toEqual(new Set(['before', 'come back', 'heard', 'unheard']));
        return true;
      });
    }
    await expectSameState(alice, bob, roomId);
  });

  test('nobody of a denied server joins until it is let in', async () => {
    const alice = await pair.user(host, 'alice');
    const bob = await pair.user(joiner, 'bob');
    const via = [pair.server(host).serverName];
    const acl = { type: 'm.room.server_acl', state_key: '', content: closed() };
    const roomId = await alice.createRoom({ preset: 'public_chat', initial_state: [acl] });
    expect(await refusal(bob.join(roomId, via))).toEqual({ status: 403, errcode: 'M_FORBIDDEN' });
    expect(await alice.joinedMembers(roomId)).toEqual([alice.userId]);
    await alice.sendState(roomId, 'm.room.server_acl', open);
    await bob.join(roomId, via);
    await alice.seesMembership(roomId, bob.userId, 'join');
  });

  // Of the second server alone the name is an address.
  if (joiner === 'second') {
    test('IP addresses as names are denied where the list says so', async () => {
      const [alice, bob] = [await pair.user(host, 'alice'), await pair.user(joiner, 'bob')];
      const acl = { type: 'm.room.server_acl', state_key: '', content: { allow: ['*'], allow_ip_literals: false } };
      const roomId = await alice.createRoom({ preset: 'public_chat', initial_state: [acl] });
      const join = bob.join(roomId, [pair.server(host).serverName]);
      expect(await refusal(join)).toEqual({ status: 403, errcode: 'M_FORBIDDEN' });
    });
  }
});
