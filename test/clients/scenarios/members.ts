import { describe, expect, test } from 'vitest';

import { sees, type World } from '../support/world.ts';

/** Who is in a room, what it is called, and who they are. */
export function members(world: World): void {
  describe.each(world.meetings())('members: $title', (meeting) => {
    const aliasOf = (name: string): string => `#${name}:${world.server(meeting.host.server).serverName}`;

    test('a user who was logged out logs in again and finds the room', async () => {
      const { alice, bob, roomId } = await world.shareRoom(meeting);
      await bob.stop();
      await bob.logout();
      await expect(bob.sendText(roomId, 'too late')).rejects.toThrow();
      const again = await world.login(meeting.joiner.sdk, meeting.joiner.server, bob.userId);
      expect(again.credentials.deviceId).not.toBe(bob.credentials.deviceId);
      await again.start();
      await sees('the room', async () => (await again.membership(roomId)) === 'join');
      const sent = await again.sendText(roomId, 'back');
      await sees('the message', async () => (await alice.timeline(roomId)).some(({ event_id: id }) => id === sent));
    });

    test('a room has the name, the topic and the state it was made with, and what was changed', async () => {
      const initial = { type: 'org.example.colour', state_key: 'wall', content: { is: 'green' } };
      const { alice, bob, roomId } = await world.shareRoom(meeting, {
        name: 'Nest',
        topic: 'eggs',
        initial_state: [initial],
      });
      const holds = (type: string, stateKey: string, content: Record<string, unknown>): Promise<unknown> =>
        Promise.all(
          [alice, bob].map((client) =>
            sees(`${type} at ${client.userId}`, async () => {
              expect(await client.state(roomId, type, stateKey)).toMatchObject(content);
              return true;
            }),
          ),
        );
      await holds('m.room.name', '', { name: 'Nest' });
      await holds('m.room.topic', '', { topic: 'eggs' });
      await holds('org.example.colour', 'wall', { is: 'green' });
      await alice.sendState(roomId, 'org.example.colour', 'wall', { is: 'blue' });
      await alice.sendState(roomId, 'm.room.name', '', { name: 'Eyrie' });
      await holds('org.example.colour', 'wall', { is: 'blue' });
      await holds('m.room.name', '', { name: 'Eyrie' });
      await expect(bob.sendState(roomId, 'm.room.name', '', { name: 'mine' })).rejects.toThrow();
    });

    test('a room is found by its alias and joined by it', async () => {
      const [alice, bob] = await Promise.all([world.user(meeting.host, 'alice'), world.user(meeting.joiner, 'bob')]);
      const local = `nest-${alice.userId.slice(1).split(':')[0]}`;
      const roomId = await alice.createRoom({ preset: 'public_chat', room_alias_name: local });
      await alice.createAlias(aliasOf(`${local}-2`), roomId);
      expect(await bob.resolveAlias(aliasOf(local))).toBe(roomId);
      expect(await bob.join(aliasOf(`${local}-2`))).toBe(roomId);
      await sees('the join', async () => (await alice.membershipOf(roomId, bob.userId)) === 'join');
      for (const client of [alice, bob]) {
        expect((await client.joinedMembers(roomId)).sort()).toEqual([alice.userId, bob.userId].sort());
      }
      await expect(bob.resolveAlias(aliasOf(`${local}-3`))).rejects.toThrow();
    });

    test('a name is seen in the profile and in the room', async () => {
      const { alice, bob, roomId } = await world.shareRoom(meeting);
      await bob.setDisplayName('Bob the Builder');
      await sees('the name', async () => {
        expect(await alice.profile(bob.userId)).toMatchObject({ displayname: 'Bob the Builder' });
        expect(await alice.state(roomId, 'm.room.member', bob.userId)).toMatchObject({
          displayname: 'Bob the Builder',
        });
        return true;
      });
    });

    test('who leaves, is kicked or banned is out, and may come back when that is over', async () => {
      const { alice, bob, roomId } = await world.shareRoom(meeting);
      const isOut = async (membership: string): Promise<void> => {
        await sees(`${membership} at bob`, async () => (await bob.membership(roomId)) === membership);
        await sees(`bob to be out at alice`, async () => (await alice.membershipOf(roomId, bob.userId)) !== 'join');
      };
      const comesBack = async (): Promise<void> => {
        await alice.invite(roomId, bob.userId);
        await sees('the invitation', async () => (await bob.membership(roomId)) === 'invite');
        await bob.join(roomId);
        await sees('the join', async () => (await alice.membershipOf(roomId, bob.userId)) === 'join');
        await sees('its own join', async () => (await bob.membership(roomId)) === 'join');
      };
      await bob.leave(roomId);
      await isOut('leave');
      await comesBack();
      await alice.kick(roomId, bob.userId, 'for a while');
      await isOut('leave');
      await expect(bob.sendText(roomId, 'let me in')).rejects.toThrow();
      await comesBack();
      await alice.ban(roomId, bob.userId, 'for good');
      await isOut(meeting.joiner.sdk.name === 'matrix-nio' ? 'leave' : 'ban');
      await expect(bob.join(roomId)).rejects.toThrow();
      await alice.unban(roomId, bob.userId);
      await comesBack();
    });
  });
}
