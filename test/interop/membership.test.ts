import { describe, expect, test } from 'vitest';

import { directions, usePair } from './support/pair.ts';
import { expectSameState, shareRoom } from './support/shared-room.ts';

const pair = usePair();

describe.each(directions())('$title', (direction) => {
  const { host, joiner } = direction;

  test('an invite is accepted, and both talk', async () => {
    const { alice, bob, roomId } = await shareRoom(pair, direction, { name: 'Ledge' });
    expect(bob.room(roomId).inviteState.find(({ type }) => type === 'm.room.name')?.content).toEqual({ name: 'Ledge' });
    await bob.seesEvent(roomId, await alice.send(roomId, 'hello'));
    await alice.seesEvent(roomId, await bob.send(roomId, 'hello to you'));
    expect(await bob.joinedMembers(roomId)).toEqual([alice.userId, bob.userId].sort());
    await expectSameState(alice, bob, roomId);
  });

  test('an invite is rejected', async () => {
    const alice = await pair.user(host, 'alice');
    const bob = await pair.user(joiner, 'bob');
    const roomId = await alice.createRoom({ preset: 'private_chat', invite: [bob.userId] });
    await bob.seesInvite(roomId);
    await bob.leave(roomId);
    await alice.seesMembership(roomId, bob.userId, 'leave');
    await bob.sees('the end of the invite', () => bob.room(roomId).membership === 'leave');
    expect(await alice.joinedMembers(roomId)).toEqual([alice.userId]);
  });

  test('an invite is withdrawn', async () => {
    const alice = await pair.user(host, 'alice');
    const bob = await pair.user(joiner, 'bob');
    const roomId = await alice.createRoom({ preset: 'private_chat', invite: [bob.userId] });
    await bob.seesInvite(roomId);
    await alice.request('POST', `/rooms/${encodeURIComponent(roomId)}/kick`, { user_id: bob.userId });
    await bob.sees('the end of the invite', () => bob.room(roomId).membership === 'leave');
  });

  test('a member invites a user of the other server, who then talks', async () => {
    const { alice, bob, roomId } = await shareRoom(pair, direction, {
      power_level_content_override: { invite: 0 },
    });
    const carol = await pair.user(host, 'carol');
    await bob.invite(roomId, carol.userId);
    await carol.seesInvite(roomId);
    await carol.join(roomId);
    await bob.seesMembership(roomId, carol.userId, 'join');
    const sent = await carol.send(roomId, 'thank you');
    await Promise.all([alice.seesEvent(roomId, sent), bob.seesEvent(roomId, sent)]);
  });

  test('a second user of the joining server joins the same room', async () => {
    const { alice, bob, roomId } = await shareRoom(pair, direction);
    const carol = await pair.user(joiner, 'carol');
    await alice.invite(roomId, carol.userId);
    await carol.seesInvite(roomId);
    await carol.join(roomId);
    await alice.seesMembership(roomId, carol.userId, 'join');
    const sent = await alice.send(roomId, 'welcome');
    await Promise.all([carol.seesEvent(roomId, sent), bob.seesEvent(roomId, sent)]);
    await expectSameState(alice, carol, roomId);
  });

  test('a member is kicked, banned, unbanned and invited again', async () => {
    const { alice, bob, roomId } = await shareRoom(pair, direction);
    const act = (verb: 'kick' | 'ban' | 'unban') =>
      alice.request('POST', `/rooms/${encodeURIComponent(roomId)}/${verb}`, { user_id: bob.userId });
    const isOut = () => bob.room(roomId).membership === 'leave';

    await act('kick');
    await bob.sees('that he was kicked', isOut);
    await alice.invite(roomId, bob.userId);
    await bob.seesInvite(roomId);
    await bob.join(roomId);
    await alice.seesMembership(roomId, bob.userId, 'join');
    await bob.sees('the room again', () => bob.room(roomId).membership === 'join');

    await act('ban');
    await bob.sees('that he was banned', isOut);
    await alice.seesMembership(roomId, bob.userId, 'ban');
    await act('unban');
    await alice.seesMembership(roomId, bob.userId, 'leave');
    await alice.invite(roomId, bob.userId);
    await bob.seesInvite(roomId);
    await bob.join(roomId);
    await alice.seesMembership(roomId, bob.userId, 'join');
    await alice.seesEvent(roomId, await bob.send(roomId, 'back'));
    await expectSameState(alice, bob, roomId);
  });

  test('a member leaves and joins again', async () => {
    const { alice, bob, roomId } = await shareRoom(pair, direction, { preset: 'public_chat' });
    await alice.seesEvent(roomId, await bob.send(roomId, 'before'));
    await bob.leave(roomId);
    await alice.seesMembership(roomId, bob.userId, 'leave');
    await bob.sees('that he left', () => bob.room(roomId).membership === 'leave');
    await alice.send(roomId, 'while he was away');
    await alice.sendState(roomId, 'm.room.topic', { topic: 'changed meanwhile' });

    await bob.join(roomId, [pair.server(host).serverName]);
    await alice.seesMembership(roomId, bob.userId, 'join');
    await bob.sees('the topic', () => bob.room(roomId).state('m.room.topic')?.content['topic'] === 'changed meanwhile');
    await bob.seesEvent(roomId, await alice.send(roomId, 'after'));
    await alice.seesEvent(roomId, await bob.send(roomId, 'after that'));
    await expectSameState(alice, bob, roomId);
  });

  test('the user who made the room leaves and is invited back by the other server', async () => {
    const { alice, bob, roomId } = await shareRoom(pair, direction, { preset: 'trusted_private_chat' });
    await alice.leave(roomId);
    await bob.seesMembership(roomId, alice.userId, 'leave');
    await bob.send(roomId, 'alone');
    await bob.invite(roomId, alice.userId);
    await alice.seesInvite(roomId);
    await alice.join(roomId);
    await bob.seesMembership(roomId, alice.userId, 'join');
    await alice.seesEvent(roomId, await bob.send(roomId, 'welcome back'));
    await bob.seesEvent(roomId, await alice.send(roomId, 'thank you'));
    await expectSameState(alice, bob, roomId);
  });

  test('a direct message room says so in its invite', async () => {
    const { alice, bob, roomId } = await shareRoom(pair, direction, {
      preset: 'trusted_private_chat',
      is_direct: true,
    });
    const invite = bob.room(roomId).inviteState.find((event) => event.state_key === bob.userId);
    expect(invite?.content).toMatchObject({ membership: 'invite', is_direct: true });
    expect(invite?.sender).toBe(alice.userId);
    await alice.seesEvent(roomId, await bob.send(roomId, 'just us'));
  });
});
