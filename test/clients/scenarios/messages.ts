import { describe, expect, test } from 'vitest';

import type { ChatClient, SeenEvent } from '../sdk/chat-client.ts';
import { aPicture } from '../support/a-picture.ts';
import { sees, type World } from '../support/world.ts';

const message = (body: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  msgtype: 'm.text',
  body,
  ...more,
});

/** An event, once a client has it in its timeline. */
const seenBy = (client: ChatClient, roomId: string, eventId: string): Promise<SeenEvent> =>
  sees(`${eventId} at ${client.userId}`, async () =>
    (await client.timeline(roomId)).find(({ event_id: id }) => id === eventId),
  );

/** What people do with messages, from either side to the other. */
export function messages(world: World): void {
  describe.each(world.meetings())('messages: $title', (meeting) => {
    const ephemeral = { alice: meeting.host.sdk.seesEphemeral, bob: meeting.joiner.sdk.seesEphemeral };

    test('a message of each arrives at the other and at its sender, in order', async () => {
      const { alice, bob, roomId } = await world.shareRoom(meeting);
      const ids: string[] = [];
      for (const [index, sender] of [alice, bob, alice, bob].entries()) {
        const id = await sender.sendText(roomId, `message ${index}: grüße, 你好, 🦅`);
        ids.push(id);
        for (const client of [alice, bob]) {
          const { content, sender: by } = await seenBy(client, roomId, id);
          expect(content).toMatchObject({ msgtype: 'm.text', body: `message ${index}: grüße, 你好, 🦅` });
          expect(by).toBe(sender.userId);
        }
      }
      for (const client of [alice, bob]) {
        const timeline = (await client.timeline(roomId)).map((event) => event.event_id);
        expect(timeline.filter((id) => ids.includes(id))).toEqual(ids);
      }
    });

    test('a message is edited, answered and reacted to', async () => {
      const { alice, bob, roomId } = await world.shareRoom(meeting);
      const root = await alice.sendText(roomId, 'root');
      await seenBy(bob, roomId, root);
      const better = message('* better', {
        'm.new_content': message('better'),
        'm.relates_to': { rel_type: 'm.replace', event_id: root },
      });
      const yes = message('yes', { 'm.relates_to': { 'm.in_reply_to': { event_id: root } } });
      const annotation = { 'm.relates_to': { rel_type: 'm.annotation', event_id: root, key: '👍' } };
      for (const [sender, type, content] of [
        [alice, 'm.room.message', better],
        [bob, 'm.room.message', yes],
        [bob, 'm.reaction', annotation],
      ] as const) {
        const id = await sender.sendEvent(roomId, type, content);
        for (const client of [alice, bob]) expect((await seenBy(client, roomId, id)).content).toEqual(content);
      }
    });

    test('a deleted message is gone for both', async () => {
      const { alice, bob, roomId } = await world.shareRoom(meeting);
      const rude = await bob.sendText(roomId, 'rude');
      await seenBy(alice, roomId, rude);
      const redaction = await alice.redact(roomId, rude, 'manners');
      for (const client of [alice, bob]) {
        expect((await seenBy(client, roomId, redaction)).type).toBe('m.room.redaction');
        await sees('the content to be gone', async () => {
          const { content } = await client.event(roomId, rude);
          return Object.keys(content).length === 0;
        });
      }
    });

    test('typing and its end are seen', async () => {
      const { alice, bob, roomId } = await world.shareRoom(meeting);
      for (const [writer, reader, seen] of [
        [alice, bob, ephemeral.bob],
        [bob, alice, ephemeral.alice],
      ] as const) {
        await writer.setTyping(roomId, true);
        if (seen) await sees('typing', async () => (await reader.typing(roomId)).includes(writer.userId));
        await writer.setTyping(roomId, false);
        if (seen) await sees('its end', async () => !(await reader.typing(roomId)).includes(writer.userId));
      }
    });

    test('a read receipt is seen', async () => {
      const { alice, bob, roomId } = await world.shareRoom(meeting);
      for (const [writer, reader, seen] of [
        [alice, bob, ephemeral.alice],
        [bob, alice, ephemeral.bob],
      ] as const) {
        const sent = await writer.sendText(roomId, 'read me');
        await seenBy(reader, roomId, sent);
        await seenBy(writer, roomId, sent);
        await reader.sendReceipt(roomId, sent);
        if (seen) await sees('the receipt', async () => (await writer.readUpTo(roomId, reader.userId)) === sent);
      }
    });

    test('a picture is sent and seen, byte for byte', async () => {
      const { alice, bob, roomId } = await world.shareRoom(meeting);
      for (const [sender, viewer] of [
        [alice, bob],
        [bob, alice],
      ] as const) {
        const picture = { bytes: aPicture(), type: 'image/png', name: 'grüne Wiese.png' };
        const url = await sender.upload(picture);
        const id = await sender.sendEvent(roomId, 'm.room.message', { msgtype: 'm.image', body: picture.name, url });
        const { content } = await seenBy(viewer, roomId, id);
        const { bytes, type } = await viewer.download(content['url'] as string);
        expect(type).toBe('image/png');
        expect(Buffer.from(bytes).equals(picture.bytes)).toBe(true);
      }
    });

    test('history is read in pages to the beginning, by both alike', async () => {
      const { alice, bob, roomId } = await world.shareRoom(meeting);
      const wanted: string[] = [];
      for (let index = 0; index < 24; index += 1) {
        wanted.push(await (index % 3 === 0 ? bob : alice).sendText(roomId, `line ${index}`));
      }
      for (const id of wanted) await seenBy(alice, roomId, id);
      await seenBy(bob, roomId, wanted.at(-1) ?? '');
      await sees('the same history', async () => {
        const [first, second] = await Promise.all([alice.history(roomId, 7), bob.history(roomId, 10)]);
        for (const events of [first, second]) {
          const ids = events.map((event) => event.event_id).reverse();
          expect(new Set(ids).size).toBe(ids.length);
          expect(new Set(ids.filter((id) => wanted.includes(id)))).toEqual(new Set(wanted));
          expect(events.at(-1)?.type).toBe('m.room.create');
        }
        // Synapse fetches what was before a join little by little.
        expect(new Set(second.map((event) => event.event_id))).toEqual(new Set(first.map((event) => event.event_id)));
        return true;
      });
    });
  });
}
