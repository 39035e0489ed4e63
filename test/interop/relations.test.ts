import { describe, expect, test } from 'vitest';

import type { ClientEvent, MatrixClient } from '../support/node/matrix-client.ts';
import { until } from '../support/node/until.ts';
import type { FollowingClient } from './support/following-client.ts';
import { directions, usePair } from './support/pair.ts';
import { shareRoom, wholeHistory } from './support/shared-room.ts';

const pair = usePair();

interface Bundled {
  'm.replace'?: ClientEvent;
  'm.thread'?: { latest_event: ClientEvent; count: number; current_user_participated: boolean };
  'm.reference'?: { chunk: { event_id: string }[] };
}

const v1 = (roomId: string, rest: string): string => `/_matrix/client/v1/rooms/${encodeURIComponent(roomId)}/${rest}`;

const idsOf = (events: readonly ClientEvent[]): string[] => events.map(({ event_id: id }) => id);

async function list(client: MatrixClient, roomId: string, rest: string): Promise<string[]> {
  return idsOf((await client.request<{ chunk: ClientEvent[] }>('GET', v1(roomId, rest))).chunk);
}

const related = (client: MatrixClient, roomId: string, eventId: string, rest = ''): Promise<string[]> =>
  list(client, roomId, `relations/${encodeURIComponent(eventId)}${rest}`);

async function bundled(client: MatrixClient, roomId: string, eventId: string): Promise<Bundled> {
  const { unsigned } = await client.event(roomId, eventId);
  return unsigned?.['m.relations'] ?? {};
}

function relate(relType: string, eventId: string, body: string, more: object = {}): Record<string, unknown> {
  return { msgtype: 'm.text', body, 'm.relates_to': { rel_type: relType, event_id: eventId }, ...more };
}

const editOf = (eventId: string, body: string): Record<string, unknown> =>
  relate('m.replace', eventId, `* ${body}`, { 'm.new_content': { msgtype: 'm.text', body } });

const reactionTo = (eventId: string, key: string): Record<string, unknown> => ({
  'm.relates_to': { rel_type: 'm.annotation', event_id: eventId, key },
});

async function redact(client: FollowingClient, roomId: string, eventId: string): Promise<string> {
  const path = `/rooms/${encodeURIComponent(roomId)}/redact/${encodeURIComponent(eventId)}/${client.nextTxnId()}`;
  return (await client.request<{ event_id: string }>('PUT', path, {})).event_id;
}

describe.each(directions())('$title', (direction) => {
  test('both bundle the same newest edit, and the one before it once that is redacted', async () => {
    const { alice, bob, roomId } = await shareRoom(pair, direction);
    for (const [writer, reader] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      const original = await writer.send(roomId, 'cake');
      const first = await writer.send(roomId, editOf(original, 'good cake'));
      const second = await writer.send(roomId, editOf(original, 'very good cake'));
      await reader.seesEvent(roomId, second);
      // It is not the reader's to edit.
      const forged = await reader.send(roomId, editOf(original, 'bad cake'));
      await writer.seesEvent(roomId, forged);
      for (const client of [alice, bob]) {
        expect((await bundled(client, roomId, original))['m.replace']?.event_id).toBe(second);
      }
      await reader.seesEvent(roomId, await redact(writer, roomId, second));
      for (const client of [alice, bob]) {
        await until('the earlier edit', async () => {
          return (await bundled(client, roomId, original))['m.replace']?.event_id === first;
        });
      }
    }
  });

  test('both have the same threads, their newest replies and what refers to an event', async () => {
    const { alice, bob, roomId } = await shareRoom(pair, direction);
    const [one, two] = [await alice.send(roomId, 'one'), await alice.send(roomId, 'two')];
    await bob.seesEvent(roomId, two);
    await bob.send(roomId, relate('m.thread', one, 'bob in one'));
    const inTwo = await bob.send(roomId, relate('m.thread', two, 'bob in two'));
    await alice.seesEvent(roomId, inTwo);
    const newest = await alice.send(roomId, relate('m.thread', one, 'alice in one'));
    const edited = await alice.send(roomId, editOf(newest, 'alice in one, edited'));
    const refers = await alice.send(roomId, relate('m.reference', two, 'see two'));
    await bob.seesEvent(roomId, refers);
    for (const client of [alice, bob]) {
      const thread = (await bundled(client, roomId, one))['m.thread'];
      expect(thread).toMatchObject({ count: 2, latest_event: { event_id: newest }, current_user_participated: true });
      expect(thread?.latest_event.unsigned?.['m.relations']).toMatchObject({ 'm.replace': { event_id: edited } });
      expect((await bundled(client, roomId, two))['m.reference']).toEqual({ chunk: [{ event_id: refers }] });
      expect(await list(client, roomId, 'threads')).toEqual([one, two]);
      expect(await related(client, roomId, two)).toEqual([refers, inTwo]);
      expect(await related(client, roomId, one, '/m.thread?dir=f&limit=1')).toHaveLength(1);
      expect(await related(client, roomId, one, '?recurse=true')).toContain(edited);
    }
    expect(await list(bob, roomId, 'threads?include=participated')).toEqual([one, two]);
  });

  test('reactions are listed on both, the same one is refused, and a redacted one is gone', async () => {
    const { alice, bob, roomId } = await shareRoom(pair, direction);
    const original = await alice.send(roomId, 'like me');
    await bob.seesEvent(roomId, original);
    const reaction = await bob.send(roomId, reactionTo(original, '👍'), 'm.reaction');
    await alice.seesEvent(roomId, reaction);
    for (const client of [alice, bob]) {
      expect(await related(client, roomId, original, '/m.annotation/m.reaction')).toEqual([reaction]);
    }
    const again = `/rooms/${encodeURIComponent(roomId)}/send/m.reaction/${bob.nextTxnId()}`;
    expect(await bob.tryRequest('PUT', again, reactionTo(original, '👍'))).toMatchObject({
      status: 400,
      body: { errcode: 'M_DUPLICATE_ANNOTATION' },
    });
    await redact(bob, roomId, reaction);
    for (const client of [alice, bob]) {
      await until('the reaction to be gone', async () => {
        return (await related(client, roomId, original, '/m.annotation')).length === 0;
      });
    }
    expect((await bob.tryRequest('PUT', again, reactionTo(original, '👍'))).status).toBe(200);
  });

  test('an answer in a thread quotes it, and a receipt in the thread reaches the other server', async () => {
    const { alice, bob, roomId } = await shareRoom(pair, direction);
    const root = await alice.send(roomId, 'root');
    await bob.seesEvent(roomId, root);
    const relation = {
      rel_type: 'm.thread',
      event_id: root,
      'm.in_reply_to': { event_id: root },
      is_falling_back: true,
    };
    const content = {
      msgtype: 'm.text',
      body: 'quoted',
      'm.relates_to': relation,
      'm.mentions': { user_ids: [alice.userId] },
    };
    const reply = await bob.send(roomId, content);
    await alice.seesEvent(roomId, reply);
    expect((await alice.event(roomId, reply)).content).toEqual(content);
    const path = `/rooms/${encodeURIComponent(roomId)}/receipt/m.read/${encodeURIComponent(reply)}`;
    await alice.request('POST', path, { thread_id: root });
    await bob.sees('the receipt', () => bob.room(roomId).hasRead(alice.userId, reply));
  });

  test('who joins later gets edits and threads from before with the history', async () => {
    const alice = await pair.user(direction.host, 'alice');
    const bob = await pair.user(direction.joiner, 'bob');
    const roomId = await alice.createRoom({ preset: 'public_chat' });
    const original = await alice.send(roomId, 'cake');
    const edit = await alice.send(roomId, editOf(original, 'good cake'));
    const reply = await alice.send(roomId, relate('m.thread', original, 'with tea'));
    for (let n = 0; n < 5; n += 1) await alice.send(roomId, `more ${n}`);
    await bob.join(roomId, [pair.server(direction.host).serverName]);
    await bob.seesMembership(roomId, bob.userId, 'join');
    await until('the history', async () => idsOf(await wholeHistory(bob, roomId)).includes(original));
    expect(await bundled(bob, roomId, original)).toMatchObject({
      'm.replace': { event_id: edit },
      'm.thread': { count: 1, latest_event: { event_id: reply }, current_user_participated: false },
    });
    expect(await list(bob, roomId, 'threads')).toEqual([original]);
  });
});
