import { describe, expect, test } from 'vitest';

import type { ChatClient } from '../sdk/chat-client.ts';
import { libraries, sees, type World } from '../support/world.ts';

const idsAt = async (client: ChatClient, roomId: string): Promise<string[]> =>
  (await client.timeline(roomId)).map(({ event_id: id }) => id);

/** What was said while a client or a server was away is seen afterwards, once and in order. */
export function resumption(world: World): void {
  describe.each(world.meetings())('resumption: $title', (meeting) => {
    test('a client that was away goes on where it was', async () => {
      const { alice, bob, roomId } = await world.shareRoom(meeting);
      await bob.stop();
      const missed: string[] = [];
      for (let index = 0; index < 5; index += 1) missed.push(await alice.sendText(roomId, `while away ${index}`));
      await alice.sendState(roomId, 'm.room.topic', '', { topic: 'while away' });
      await bob.start();
      await sees('what was missed', async () => {
        expect((await idsAt(bob, roomId)).filter((id) => missed.includes(id))).toEqual(missed);
        expect(await bob.state(roomId, 'm.room.topic')).toMatchObject({ topic: 'while away' });
        return true;
      });
    });
  });

  test('clients of every library go on when their servers were restarted', async () => {
    const last = world.software.length - 1;
    const users = [0, last].flatMap((server) => libraries.map((sdk) => world.user({ sdk, server }, 'user')));
    const [alice, ...others] = await Promise.all(users);
    if (alice === undefined) throw new Error('unreachable');
    const roomId = await alice.createRoom({ preset: 'private_chat', invite: others.map(({ userId }) => userId) });
    for (const client of others) {
      await sees('the invitation', async () => (await client.membership(roomId)) === 'invite');
      await client.join(roomId);
    }
    const clients = [alice, ...others];
    const sayInTurn = async (what: string): Promise<void> => {
      for (const sender of clients) {
        const sent = await sender.sendText(roomId, what);
        for (const client of clients) {
          await sees(`what ${sender.userId} said at ${client.userId}`, async () =>
            (await idsAt(client, roomId)).includes(sent),
          );
        }
      }
    };
    await sayInTurn('before');
    for (const index of world.software.keys()) {
      await world.server(index).stop();
      await world.server(index).start();
    }
    await sayInTurn('after');
    for (const client of clients) {
      const ids = await idsAt(client, roomId);
      expect(new Set(ids).size).toBe(ids.length);
    }
  });
}
