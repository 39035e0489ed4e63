import { expect } from 'vitest';

import { ask, type Answer } from './ask.ts';
import type { Client, ShownEvent } from './client.ts';

/** @returns the event's ID. */
export async function send(client: Client, roomId: string, type: string, content: object): Promise<string> {
  const { status, body } = await client.inRoom('PUT', roomId, `send/${type}/${crypto.randomUUID()}`, content);
  expect({ status, body }).toMatchObject({ status: 200 });
  return String(body['event_id']);
}

const relatesTo = (relType: string, eventId: string, more: object = {}) => ({
  'm.relates_to': { rel_type: relType, event_id: eventId, ...more },
});

export const edit = (client: Client, roomId: string, eventId: string, body: string): Promise<string> =>
  send(client, roomId, 'm.room.message', {
    msgtype: 'm.text',
    body: `* ${body}`,
    'm.new_content': { msgtype: 'm.text', body },
    ...relatesTo('m.replace', eventId),
  });

export const reply = (client: Client, roomId: string, root: string, body: string): Promise<string> =>
  send(client, roomId, 'm.room.message', { msgtype: 'm.text', body, ...relatesTo('m.thread', root) });

export const reactionTo = (eventId: string, key: string) => relatesTo('m.annotation', eventId, { key });

export const refer = (client: Client, roomId: string, eventId: string): Promise<string> =>
  send(client, roomId, 'm.room.message', { msgtype: 'm.text', body: 'see', ...relatesTo('m.reference', eventId) });

export const react = (client: Client, roomId: string, eventId: string, key: string): Promise<string> =>
  send(client, roomId, 'm.reaction', reactionTo(eventId, key));

export async function redact(client: Client, roomId: string, eventId: string): Promise<void> {
  const { status } = await client.inRoom('PUT', roomId, `redact/${eventId}/${crypto.randomUUID()}`, {});
  expect(status).toBe(200);
}

export interface Chunk {
  readonly chunk: readonly ShownEvent[];
  readonly next_batch?: string;
  readonly prev_batch?: string;
  readonly recursion_depth?: number;
}

/** Behind `/_matrix/client/v1/rooms/{roomId}/`. */
export const askV1 = ({ token }: Client, roomId: string, rest: string): Promise<Answer> =>
  ask('GET', `/_matrix/client/v1/rooms/${encodeURIComponent(roomId)}/${rest}`, { token });

export async function chunkOf(client: Client, roomId: string, rest: string): Promise<Chunk> {
  const { status, body } = await askV1(client, roomId, rest);
  expect({ status, body }).toMatchObject({ status: 200 });
  return body as unknown as Chunk;
}

/** What is bundled with an event where it is asked for by itself. */
export async function bundled(client: Client, roomId: string, eventId: string): Promise<Record<string, unknown>> {
  const { body } = await client.inRoom('GET', roomId, `event/${eventId}`);
  return relationsOf(body as unknown as ShownEvent);
}

export const relationsOf = (event: ShownEvent | undefined): Record<string, unknown> =>
  (event?.unsigned?.['m.relations'] ?? {}) as Record<string, unknown>;

export async function ignore(client: Client, ...userIds: readonly string[]): Promise<void> {
  const content = { ignored_users: Object.fromEntries(userIds.map((userId) => [userId, {}])) };
  const { status } = await client.ask('PUT', `/user/${client.userId}/account_data/m.ignored_user_list`, content);
  expect(status).toBe(200);
}
