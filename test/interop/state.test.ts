import { describe, expect, test } from 'vitest';

import { until } from '../support/node/until.ts';
import { directions, usePair } from './support/pair.ts';
import { refusal } from './support/refusal.ts';
import { expectSameState, shareRoom } from './support/shared-room.ts';

const pair = usePair();

describe.each(directions())('$title', (direction) => {
  test('name, topic and avatar that one sets are seen by the other', async () => {
    const { alice, bob, roomId } = await shareRoom(pair, direction);
    const wanted = {
      'm.room.name': { name: 'Nest' },
      'm.room.topic': { topic: 'High up' },
      'm.room.avatar': { url: 'mxc://example.org/nest' },
    };
    for (const [type, content] of Object.entries(wanted)) {
      await bob.seesEvent(roomId, await alice.sendState(roomId, type, content));
      expect(bob.room(roomId).state(type)?.content).toEqual(content);
      expect(await bob.state(roomId, type)).toMatchObject(content);
    }
    await expectSameState(alice, bob, roomId);
  });

  test('power that one gives lets the other change the room', async () => {
    const { alice, bob, roomId } = await shareRoom(pair, direction);
    const levels = await alice.state(roomId, 'm.room.power_levels');
    const users = { ...(levels['users'] as Record<string, number>), [bob.userId]: 50 };
    await bob.seesEvent(roomId, await alice.sendState(roomId, 'm.room.power_levels', { ...levels, users }));
    await alice.seesEvent(roomId, await bob.sendState(roomId, 'm.room.name', { name: "Bob's" }));
    expect(await alice.state(roomId, 'm.room.name')).toMatchObject({ name: "Bob's" });

    const { [bob.userId]: _, ...withoutBob } = users;
    const taken = { ...levels, users: withoutBob };
    await bob.seesEvent(roomId, await alice.sendState(roomId, 'm.room.power_levels', taken));
    const change = bob.sendState(roomId, 'm.room.name', { name: 'again' });
    expect(await refusal(change)).toEqual({ status: 403, errcode: 'M_FORBIDDEN' });
    await expectSameState(alice, bob, roomId);
  });

  test('state that both change at once ends up the same on both servers', async () => {
    const { alice, bob, roomId } = await shareRoom(pair, direction, {
      power_level_content_override: { events: { 'm.room.topic': 0 } },
    });
    for (let round = 0; round < 5; round += 1) {
      const sent = await Promise.all(
        [alice, bob].map((client) => client.sendState(roomId, 'm.room.topic', { topic: `${client.userId} ${round}` })),
      );
      for (const client of [alice, bob]) for (const event of sent) await client.seesEvent(roomId, event);
    }
    // A message of each joins the branches: from here on nothing is left to resolve.
    await bob.seesEvent(roomId, await alice.send(roomId, 'after'));
    await alice.seesEvent(roomId, await bob.send(roomId, 'after that'));
    await expectSameState(alice, bob, roomId);
  });

  test('display name and avatar of a remote user are seen in the room and by a profile query', async () => {
    const { alice, bob, roomId } = await shareRoom(pair, direction);
    const avatar = `mxc://${pair.server(direction.joiner).serverName}/bob`;
    const profile = `/profile/${encodeURIComponent(bob.userId)}`;
    await bob.request('PUT', `${profile}/displayname`, { displayname: 'Bob the Bird' });
    await bob.request('PUT', `${profile}/avatar_url`, { avatar_url: avatar });
    await alice.sees('the new profile', () => {
      const content = alice.room(roomId).state('m.room.member', bob.userId)?.content;
      return content?.['displayname'] === 'Bob the Bird' && content['avatar_url'] === avatar;
    });
    const wanted = { displayname: 'Bob the Bird', avatar_url: avatar };
    await until('the profile', async () => {
      expect(await alice.request('GET', profile)).toMatchObject(wanted);
      return true;
    });
    const dave = await pair.user(direction.host, 'dave');
    expect(await dave.request('GET', `${profile}/displayname`)).toEqual({ displayname: 'Bob the Bird' });
  });

  test('what a remote user says of themselves is read: a time zone, fields of any name and type', async () => {
    const [alice, bob] = [await pair.user(direction.host, 'alice'), await pair.user(direction.joiner, 'bob')];
    const profile = `/profile/${encodeURIComponent(bob.userId)}`;
    const fields = { 'm.tz': 'Europe/Vienna', 'org.example.hours': { days: ['mon', 'tue'], from: 9 } };
    for (const [field, value] of Object.entries(fields)) {
      await bob.request('PUT', `${profile}/${field}`, { [field]: value });
    }
    expect(await alice.request('GET', profile)).toMatchObject(fields);
    for (const [field, value] of Object.entries(fields)) {
      expect(await alice.request('GET', `${profile}/${field}`)).toEqual({ [field]: value });
    }
    await bob.request('DELETE', `${profile}/m.tz`);
    // A Synapse still answers 200, without the field.
    const gone = await alice.tryRequest('GET', `${profile}/m.tz`);
    expect(gone.status).toBe(pair.software[direction.host] === 'eyrie' ? 404 : 200);
    expect(gone.body['m.tz'] ?? undefined).toBeUndefined();
  });

  test('the profile of a remote user who does not exist is not found', async () => {
    const alice = await pair.user(direction.host, 'alice');
    const nobody = `@nobody:${pair.server(direction.joiner).serverName}`;
    const asked = alice.request('GET', `/profile/${encodeURIComponent(nobody)}`);
    expect(await refusal(asked)).toEqual({ status: 404, errcode: 'M_NOT_FOUND' });
  });
});
