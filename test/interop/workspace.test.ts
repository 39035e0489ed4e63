import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { eyrieAdministrator } from '../support/node/eyrie-homeserver.ts';
import type { ClientEvent } from '../support/node/matrix-client.ts';
import { until } from '../support/node/until.ts';
import type { FollowingClient } from './support/following-client.ts';
import { usePair } from './support/pair.ts';
import { WorkspaceProcess, type WorkspaceUser } from './support/workspace-process.ts';

/** The example of `examples/workspace` at an Eyrie, and a user of a Synapse. */
const pair = usePair({ software: { first: 'eyrie', second: 'synapse' } });

let workspace: WorkspaceProcess;
let alice: WorkspaceUser;
let bob: FollowingClient;
/** made by alice, and bob is in it */
let room: string;

const encoded = encodeURIComponent;

beforeAll(async () => {
  const administrator = await eyrieAdministrator(pair.server('first'));
  workspace = await WorkspaceProcess.start(pair.server('first'), join(pair.directory, 'workspace'));
  await administrator.request('PUT', '/_eyrie/admin/v1/appservices/workspace', workspace.registration());
  [alice, bob] = await Promise.all([workspace.person('alice'), pair.user('second', 'bob')]);
  room = await sharedRoom();
});
afterAll(() => workspace.kill());

/** A room of alice that bob has joined. */
async function sharedRoom(body: object = { name: 'Nest' }): Promise<string> {
  const { room: made } = await alice.call<{ room: string }>('POST', '/rooms', { ...body, invite: [bob.userId] });
  await bob.seesInvite(made);
  await bob.join(made);
  await alice.seesRoom(made, 'bob', ({ members }) => {
    return members.some(({ user_id: user, membership }) => user === bob.userId && membership === 'join');
  });
  return made;
}

async function heard(eventId: string | null): Promise<ClientEvent> {
  await bob.seesEvent(room, eventId ?? '');
  return bob.event(room, eventId ?? '');
}

function redact(client: FollowingClient, eventId: string): Promise<unknown> {
  return client.request('PUT', `/rooms/${encoded(room)}/redact/${encoded(eventId)}/${client.nextTxnId()}`, {});
}

const relating = (relType: string, eventId: string, more: object): Record<string, unknown> => ({
  msgtype: 'm.text',
  body: 'related',
  'm.relates_to': { rel_type: relType, event_id: eventId },
  ...more,
});

test('messages go both ways, each once', async () => {
  const said = await alice.say(room, { text: 'Hello from the workspace' });
  expect(said).toMatchObject({ state: 'sent', sender: alice.userId });
  expect((await heard(said.event_id)).content).toMatchObject({ msgtype: 'm.text', body: 'Hello from the workspace' });
  const answered = await bob.send(room, 'Hello from Synapse');
  expect(await alice.sees(answered, 'the answer')).toMatchObject({ sender: bob.userId, text: 'Hello from Synapse' });
  const texts = (await alice.messages(room)).map(({ text }) => text);
  expect(texts.filter((text) => text.startsWith('Hello'))).toEqual(['Hello from the workspace', 'Hello from Synapse']);
});

test('edits and deletions go both ways', async () => {
  const said = await alice.say(room, { text: 'cake' });
  await alice.call('PUT', `/messages/${said.id}`, { text: 'good cake' });
  await until('the edit at Synapse', async () => {
    const { unsigned } = await bob.event(room, said.event_id ?? '');
    const bundled = unsigned?.['m.relations'] as { 'm.replace'?: ClientEvent } | undefined;
    return (bundled?.['m.replace']?.content['m.new_content'] as { body?: string } | undefined)?.body === 'good cake';
  });
  expect(await alice.message(said.id)).toMatchObject({ text: 'good cake', is_edited: true });
  await alice.call('DELETE', `/messages/${said.id}`, { reason: 'eaten' });
  await until('the deletion at Synapse', async () => {
    return Object.keys((await bob.event(room, said.event_id ?? '')).content).length === 0;
  });

  const theirs = await bob.send(room, 'tea');
  const first = await bob.send(
    room,
    relating('m.replace', theirs, { 'm.new_content': { msgtype: 'm.text', body: 'mint tea' } }),
  );
  await alice.sees(theirs, 'the edit', ({ text }) => text === 'mint tea');
  await redact(bob, first);
  await alice.sees(theirs, 'the original again', ({ text, is_edited: isEdited }) => text === 'tea' && !isEdited);
  await redact(bob, theirs);
  await alice.sees(theirs, 'the deletion', ({ text, is_deleted: isDeleted }) => isDeleted && text === '');
  expect((await alice.ask('PUT', `/messages/${encoded(theirs)}`, { text: 'not mine' })).status).toBe(403);
});

test('reactions go both ways and are taken back', async () => {
  const said = await alice.say(room, { text: 'like me' });
  await bob.seesEvent(room, said.event_id ?? '');
  const theirs = await bob.send(
    room,
    { 'm.relates_to': { rel_type: 'm.annotation', event_id: said.event_id, key: '👍' } },
    'm.reaction',
  );
  await alice.sees(said.id, 'the reaction', ({ reactions }) => reactions['👍']?.[0] === bob.userId);
  const path = `/messages/${said.id}/reactions/${encoded('🎉')}`;
  const reacted = await alice.call<{ reactions: object }>('PUT', path);
  expect(reacted.reactions).toEqual({ '👍': [bob.userId], '🎉': [alice.userId] });
  const [mine] = workspace.rows<{ event_id: string }>('SELECT event_id FROM reactions WHERE emoji = ?', '🎉');
  expect((await heard(mine?.event_id ?? '')).content['m.relates_to']).toMatchObject({
    key: '🎉',
    event_id: said.event_id,
  });
  await alice.call('DELETE', path);
  await redact(bob, theirs);
  await alice.sees(said.id, 'no reaction', ({ reactions }) => Object.keys(reactions).length === 0);
  await until('the reaction to be gone at Synapse', async () => {
    return Object.keys((await bob.event(room, mine?.event_id ?? '')).content).length === 0;
  });
});
