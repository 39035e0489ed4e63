import { describe, expect, test } from 'vitest';

import { aClient, type Client, type ShownEvent, type SyncBody } from '../../../support/worker/client.ts';
import {
  askV1,
  bundled,
  chunkOf,
  edit,
  ignore,
  react,
  reactionTo,
  redact,
  refer,
  relationsOf,
  reply,
  send,
} from '../../../support/worker/relations.ts';

/** Alice has a room, and Bob is in it. */
async function aSharedRoom(): Promise<{ alice: Client; bob: Client; roomId: string }> {
  const [alice, bob] = [await aClient('alice'), await aClient('bob')];
  const roomId = await alice.create();
  await bob.join(roomId);
  return { alice, bob, roomId };
}

describe('replacements', () => {
  test('the newest edit comes with a message, whose own content stays, wherever it is served', async () => {
    const { alice, bob, roomId } = await aSharedRoom();
    const eventId = await alice.say(roomId, 'cake');
    await edit(alice, roomId, eventId, 'good cake');
    const latest = await edit(alice, roomId, eventId, 'very good cake');
    await reply(bob, roomId, await bob.say(roomId, 'root'), 'inside');
    const one = (await bob.inRoom('GET', roomId, `event/${eventId}`)).body as unknown as ShownEvent;
    expect(one.content).toEqual({ msgtype: 'm.text', body: 'cake' });
    const messages = (await bob.inRoom('GET', roomId, 'messages?dir=b&limit=50')).body['chunk'] as ShownEvent[];
    const context = (await bob.inRoom('GET', roomId, `context/${eventId}`)).body as unknown as { event: ShownEvent };
    const timelineOf = (body: SyncBody) => body.rooms?.join?.[roomId]?.timeline.events ?? [];
    const synced = await bob.syncUntil((body) => timelineOf(body).some(({ event_id: id }) => id === latest), {
      filter: { room: { timeline: { limit: 50 } } },
    });
    const found = [messages, [context.event], timelineOf(synced), [one]].map((events) =>
      events.find((event) => event.event_id === eventId),
    );
    for (const event of found) {
      expect(relationsOf(event)['m.replace']).toMatchObject({
        event_id: latest,
        sender: alice.userId,
        content: { 'm.new_content': { body: 'very good cake' } },
      });
    }
    expect(relationsOf(one)['m.replace']).toMatchObject({ room_id: roomId });
  });

  test("what is no valid edit is none: another user's, of another type, without new content, of an edit", async () => {
    const { alice, bob, roomId } = await aSharedRoom();
    const eventId = await alice.say(roomId, 'cake');
    await edit(bob, roomId, eventId, 'mine');
    await send(alice, roomId, 'org.example.note', {
      'm.new_content': { body: 'x' },
      'm.relates_to': { rel_type: 'm.replace', event_id: eventId },
    });
    await send(alice, roomId, 'm.room.message', {
      msgtype: 'm.text',
      body: '* x',
      'm.relates_to': { rel_type: 'm.replace', event_id: eventId },
    });
    expect(await bundled(bob, roomId, eventId)).toEqual({});
    const first = await edit(alice, roomId, eventId, 'good cake');
    await edit(alice, roomId, first, 'an edit of the edit');
    expect(await bundled(bob, roomId, first)).toEqual({});
    expect(await bundled(bob, roomId, eventId)).toMatchObject({ 'm.replace': { event_id: first } });
  });

  test('state is not edited', async () => {
    const { alice, roomId } = await aSharedRoom();
    const topic = await alice.inRoom('PUT', roomId, 'state/m.room.topic', { topic: 'old' });
    const eventId = String(topic.body['event_id']);
    await send(alice, roomId, 'm.room.topic', {
      'm.new_content': { topic: 'new' },
      'm.relates_to': { rel_type: 'm.replace', event_id: eventId },
    });
    expect(await bundled(alice, roomId, eventId)).toEqual({});
  });

  test('a redacted edit gives way to the one before it, and a redacted message has none', async () => {
    const { alice, bob, roomId } = await aSharedRoom();
    const eventId = await alice.say(roomId, 'cake');
    const [first, second] = [await edit(alice, roomId, eventId, 'one'), await edit(alice, roomId, eventId, 'two')];
    await redact(alice, roomId, second);
    expect(await bundled(bob, roomId, eventId)).toMatchObject({ 'm.replace': { event_id: first } });
    await redact(alice, roomId, eventId);
    expect(await bundled(bob, roomId, eventId)).toEqual({});
  });

  test('an encrypted message is edited by an encrypted one, whose content nobody here can check', async () => {
    const { alice, bob, roomId } = await aSharedRoom();
    const eventId = await send(alice, roomId, 'm.room.encrypted', { ciphertext: 'a' });
    const latest = await send(alice, roomId, 'm.room.encrypted', {
      ciphertext: 'b',
      'm.relates_to': { rel_type: 'm.replace', event_id: eventId },
    });
    expect(await bundled(bob, roomId, eventId)).toMatchObject({ 'm.replace': { event_id: latest } });
  });

  test('who has left is not shown the edits since', async () => {
    const { alice, bob, roomId } = await aSharedRoom();
    const visibility = { history_visibility: 'joined' };
    await alice.inRoom('PUT', roomId, 'state/m.room.history_visibility', visibility);
    const eventId = await alice.say(roomId, 'cake');
    const seen = await edit(alice, roomId, eventId, 'good cake');
    await bob.inRoom('POST', roomId, 'leave', {});
    const unseen = await edit(alice, roomId, eventId, 'secret cake');
    expect(await bundled(bob, roomId, eventId)).toMatchObject({ 'm.replace': { event_id: seen } });
    expect(await bundled(alice, roomId, eventId)).toMatchObject({ 'm.replace': { event_id: unseen } });
  });
});

describe('threads and references', () => {
  test('a root comes with its newest reply, the edits of that, the number of replies and whether one took part', async () => {
    const { alice, bob, roomId } = await aSharedRoom();
    const root = await alice.say(roomId, 'root');
    await reply(bob, roomId, root, 'one');
    const latest = await reply(bob, roomId, root, 'two');
    const edited = await edit(bob, roomId, latest, 'two and a half');
    const eve = await aClient('eve');
    await eve.join(roomId);
    const thread = { latest_event: { event_id: latest, room_id: roomId, content: { body: 'two' } }, count: 2 };
    const seen = await bundled(alice, roomId, root);
    expect(seen).toMatchObject({ 'm.thread': { ...thread, current_user_participated: true } });
    const { latest_event: newest } = seen['m.thread'] as { latest_event: ShownEvent };
    expect(relationsOf(newest)).toMatchObject({ 'm.replace': { event_id: edited, room_id: roomId } });
    expect(await bundled(bob, roomId, root)).toMatchObject({ 'm.thread': { current_user_participated: true } });
    expect(await bundled(eve, roomId, root)).toMatchObject({ 'm.thread': { current_user_participated: false } });
  });

  test('redacted replies do not count, and a redacted root keeps its thread', async () => {
    const { alice, bob, roomId } = await aSharedRoom();
    const root = await alice.say(roomId, 'root');
    const first = await reply(bob, roomId, root, 'one');
    await redact(bob, roomId, await reply(bob, roomId, root, 'two'));
    await redact(alice, roomId, root);
    expect(await bundled(alice, roomId, root)).toMatchObject({
      'm.thread': { latest_event: { event_id: first }, count: 1 },
    });
    await redact(bob, roomId, first);
    expect(await bundled(alice, roomId, root)).toEqual({});
    expect((await chunkOf(alice, roomId, 'threads')).chunk).toEqual([]);
  });

  test('replies of ignored users are neither counted nor shown as the newest', async () => {
    const { alice, bob, roomId } = await aSharedRoom();
    const root = await alice.say(roomId, 'root');
    const mine = await reply(alice, roomId, root, 'one');
    await reply(bob, roomId, root, 'two');
    await ignore(alice, bob.userId);
    expect(await bundled(alice, roomId, root)).toMatchObject({
      'm.thread': { latest_event: { event_id: mine }, count: 1 },
    });
    const { chunk } = await chunkOf(alice, roomId, `relations/${root}/m.thread`);
    expect(chunk.map(({ event_id: id }) => id)).toEqual([mine]);
  });

  test('a thread does not begin at an event that relates to another', async () => {
    const { alice, roomId } = await aSharedRoom();
    const inside = await reply(alice, roomId, await alice.say(roomId, 'root'), 'one');
    const content = { msgtype: 'm.text', body: 'nested', 'm.relates_to': { rel_type: 'm.thread', event_id: inside } };
    expect(await alice.inRoom('PUT', roomId, 'send/m.room.message/nested', content)).toMatchObject({
      status: 400,
      body: { errcode: 'M_UNKNOWN' },
    });
  });

  test('what refers to an event is named with it, oldest first', async () => {
    const { alice, bob, roomId } = await aSharedRoom();
    const eventId = await alice.say(roomId, 'poll');
    const ids = [await refer(bob, roomId, eventId), await refer(alice, roomId, eventId)];
    expect(await bundled(alice, roomId, eventId)).toEqual({
      'm.reference': { chunk: ids.map((id) => ({ event_id: id })) },
    });
  });

  test('a sync that shows everything new does not repeat what relates to it', async () => {
    const { alice, bob, roomId } = await aSharedRoom();
    const { next_batch: since } = await bob.syncUntil((body) => body.rooms?.join?.[roomId] !== undefined);
    const eventId = await alice.say(roomId, 'cake');
    const latest = await edit(alice, roomId, eventId, 'good cake');
    const eventsOf = (body: SyncBody) => body.rooms?.join?.[roomId]?.timeline.events ?? [];
    const whole = await bob.syncUntil((body) => eventsOf(body).some(({ event_id: id }) => id === latest), { since });
    expect(relationsOf(eventsOf(whole).find(({ event_id: id }) => id === eventId))).toEqual({});
    const filter = {
      room: { timeline: { limit: 1, not_types: ['m.room.member'], related_by_rel_types: ['m.replace'] } },
    };
    const [only] = eventsOf(await bob.sync({ filter }));
    expect(relationsOf(only)).toMatchObject({ 'm.replace': { event_id: latest } });
  });
});

describe('reactions', () => {
  test('the same one is refused until it is redacted; another key, type, event or user is none', async () => {
    const { alice, bob, roomId } = await aSharedRoom();
    const [eventId, other] = [await alice.say(roomId, 'one'), await alice.say(roomId, 'two')];
    const first = await react(bob, roomId, eventId, '👍');
    const again = () => bob.inRoom('PUT', roomId, `send/m.reaction/${crypto.randomUUID()}`, reactionTo(eventId, '👍'));
    expect(await again()).toMatchObject({ status: 400, body: { errcode: 'M_DUPLICATE_ANNOTATION' } });
    await react(bob, roomId, eventId, '👎');
    await react(bob, roomId, other, '👍');
    await react(alice, roomId, eventId, '👍');
    await send(bob, roomId, 'org.example.vote', reactionTo(eventId, '👍'));
    await redact(bob, roomId, first);
    expect(await again()).toMatchObject({ status: 200 });
  });

  test('a transaction that is repeated is not a second reaction', async () => {
    const { alice, bob, roomId } = await aSharedRoom();
    const content = reactionTo(await alice.say(roomId, 'one'), '👍');
    const first = await bob.inRoom('PUT', roomId, 'send/m.reaction/same', content);
    expect(first.status).toBe(200);
    expect(await bob.inRoom('PUT', roomId, 'send/m.reaction/same', content)).toMatchObject({ body: first.body });
  });

  test('they are listed and not bundled', async () => {
    const { alice, bob, roomId } = await aSharedRoom();
    const eventId = await alice.say(roomId, 'one');
    const reaction = await react(bob, roomId, eventId, '👍');
    expect(await bundled(alice, roomId, eventId)).toEqual({});
    const { chunk } = await chunkOf(alice, roomId, `relations/${eventId}/m.annotation/m.reaction`);
    expect(chunk).toMatchObject([{ event_id: reaction, room_id: roomId }]);
  });

  test('who is not in the room learns nothing of what relates to its events', async () => {
    const { alice, roomId } = await aSharedRoom();
    const inside = await reply(alice, roomId, await alice.say(roomId, 'root'), 'one');
    const eve = await aClient('eve');
    const content = { body: 'x', 'm.relates_to': { rel_type: 'm.thread', event_id: inside } };
    expect(await eve.inRoom('PUT', roomId, 'send/m.room.message/1', content)).toMatchObject({
      status: 403,
      body: { errcode: 'M_FORBIDDEN' },
    });
    expect((await askV1(eve, roomId, `relations/${inside}`)).status).toBe(404);
    expect((await askV1(eve, roomId, 'threads')).status).toBe(403);
  });
});
