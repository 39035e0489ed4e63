import { expect, test } from 'vitest';

import type { JsonObject } from '../../../../../src/matrix/json/json-value.ts';
import { aRoomsApp } from '../../../../support/worker/a-rooms-app.ts';

interface Created {
  readonly roomVersion: string;
  readonly initial: readonly { readonly type: string; readonly stateKey: string; readonly content: JsonObject }[];
}

async function created(body: object) {
  const { request, asked, calls, aliases } = aRoomsApp();
  const answer = await request('POST', '/createRoom', body);
  const call = asked('room.create')[0] as Created | undefined;
  const state = (type: string) => call?.initial.findLast((event) => event.type === type)?.content;
  return { answer, call, calls, state, aliases };
}

test('an empty request makes a private room of the usual version', async () => {
  const { answer, call, calls, state } = await created({});
  expect(answer).toEqual({ status: 200, json: { room_id: '!random:us.test' } });
  expect(call?.roomVersion).toBe('11');
  expect(state('m.room.join_rules')).toEqual({ join_rule: 'invite' });
  expect(calls.at(-1)).toEqual(['settle', '!random:us.test', 'one', 5]);
  expect(calls.map(([name]) => name)).not.toContain('registry.setPublished');
});

test('a public room is published and joinable unless a preset says otherwise', async () => {
  const { state, calls } = await created({ visibility: 'public' });
  expect(state('m.room.join_rules')).toEqual({ join_rule: 'public' });
  expect(calls).toContainEqual(['registry.setPublished', '!random:us.test', true]);
  expect((await created({ visibility: 'public', preset: 'private_chat' })).state('m.room.join_rules')).toEqual({
    join_rule: 'invite',
  });
});

test('every option reaches the room', async () => {
  const { answer, state, aliases } = await created({
    name: 'Name',
    topic: 'Topic',
    room_version: '10',
    room_alias_name: 'pub',
    initial_state: [{ type: 'org.example', content: { a: 1 } }],
    power_level_content_override: { ban: 99 },
  });
  expect(answer.status).toBe(200);
  expect(state('m.room.name')).toEqual({ name: 'Name' });
  expect(state('m.room.topic')).toMatchObject({ topic: 'Topic' });
  expect(state('org.example')).toEqual({ a: 1 });
  expect(state('m.room.power_levels')).toMatchObject({ ban: 99, kick: 50 });
  expect(state('m.room.canonical_alias')).toEqual({ alias: '#pub:us.test' });
  expect([...aliases.keys()]).toEqual(['#pub:us.test']);
});

test('a level for the creator, who needs none in version 12, is left out there alone', async () => {
  const [creator = ''] = Object.keys(
    (await created({ room_version: '11' })).state('m.room.power_levels')?.['users'] ?? {},
  );
  const override = { power_level_content_override: { users: { [creator]: 100, '@other:us.test': 50 } } };
  const { state: eleven } = await created({ room_version: '11', ...override });
  expect(eleven('m.room.power_levels')).toMatchObject({ users: { [creator]: 100, '@other:us.test': 50 } });
  const { state: twelve } = await created({ room_version: '12', ...override });
  expect(twelve('m.room.power_levels')?.['users']).toEqual({ '@other:us.test': 50 });
});

test.each([
  [[], 'M_BAD_JSON'],
  [{ visibility: 'secret' }, 'M_BAD_JSON'],
  [{ preset: 'none' }, 'M_BAD_JSON'],
  [{ name: 1 }, 'M_BAD_JSON'],
  [{ invite: '@bob:us.test' }, 'M_BAD_JSON'],
  [{ invite: ['bob'] }, 'M_INVALID_PARAM'],
  [{ invite_3pid: [{ medium: 'email' }] }, 'M_MISSING_PARAM'],
  [{ creation_content: [] }, 'M_BAD_JSON'],
  [{ initial_state: [{ type: 'org.example', content: 'text' }] }, 'M_BAD_JSON'],
  [{ initial_state: [{ content: {} }] }, 'M_MISSING_PARAM'],
  [{ initial_state: [{ type: 'm.room.create', content: {} }] }, 'M_INVALID_ROOM_STATE'],
  [{ power_level_content_override: { ban: 1.5 } }, 'M_BAD_JSON'],
  [{ room_version: 'none' }, 'M_UNSUPPORTED_ROOM_VERSION'],
  [{ room_alias_name: 'a:b' }, 'M_INVALID_PARAM'],
])('%j makes no room', async (body, errcode) => {
  const { answer, call } = await created(body);
  expect(answer).toMatchObject({ status: 400, json: { errcode } });
  expect(call).toBeUndefined();
});

test.each([
  ['invite', 100, (number: number) => `@u${number}:us.test`],
  ['initial_state', 250, (number: number) => ({ type: 'org.example', state_key: `${number}`, content: {} })],
])('%s holds at most %i entries: one request does not make the work of thousands', async (key, most, entry) => {
  const some = (count: number) => ({ [key]: Array.from({ length: count }, (_, number) => entry(number)) });
  expect((await created(some(most))).answer.status).toBe(200);
  const { answer, call } = await created(some(most + 1));
  expect(answer).toMatchObject({ status: 400, json: { errcode: 'M_BAD_JSON' } });
  expect(call).toBeUndefined();
});
