// What the example workspace answers its own clients, and Eyrie (examples/workspace/api.ts, receive.ts)
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { serveApi } from '../../examples/workspace/api.ts';
import { answer, BadRequest } from '../../examples/workspace/bodies.ts';
import { Database } from '../../examples/workspace/database.ts';
import { foldEvent } from '../../examples/workspace/fold.ts';
import { type CallOptions, Refusal } from '../../examples/workspace/homeserver.ts';
import { Jobs } from '../../examples/workspace/jobs.ts';
import { receive } from '../../examples/workspace/receive.ts';
import type { Workspace } from '../../examples/workspace/workspace.ts';

interface Called extends CallOptions {
  readonly method: string;
  readonly where: string;
}

const HS_TOKEN = 'hs_token';
const ME = '@alice:ours.test';

let workspace: Workspace;
let called: Called[];
let replies: Readonly<Record<string, (call: Called) => unknown>>;
let url: string;
const server = createServer((request, response) => {
  const serve = (request.url ?? '').startsWith('/_matrix/') ? receive : serveApi;
  serve(workspace, request, response).catch((error: unknown) => {
    answer(response, error instanceof BadRequest ? error.status : 500, { error: String(error) });
  });
});

beforeEach(async () => {
  const database = new Database(':memory:');
  called = [];
  replies = {};
  const call = async (method: string, where: string, options: CallOptions = {}) => {
    const made = { method, where, ...options };
    called.push(made);
    return replies[`${method} ${where}`]?.(made) ?? {};
  };
  const config = { id: 'workspace', domain: 'ours.test', hsToken: HS_TOKEN };
  const homeserver = { call };
  workspace = { config, database, homeserver, jobs: new Jobs(database) } as unknown as Workspace;
  database.run('INSERT INTO users (user_id, is_ours) VALUES (?, 1)', ME);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  workspace.database.close();
});

async function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const text = body === undefined ? null : JSON.stringify(body);
  const got = await fetch(url + path, { method, body: text, headers: { 'x-workspace-user': 'alice', ...headers } });
  return { status: got.status, body: (await got.json()) as Record<string, unknown> };
}

function keep(id: string, room: string, ts: number, thread?: string): void {
  const relation = thread === undefined ? {} : { 'm.relates_to': { rel_type: 'm.thread', event_id: thread } };
  const content = { msgtype: 'm.text', body: id, ...relation };
  const about = { room_id: room, sender: '@bob:theirs.test', origin_server_ts: ts };
  foldEvent(workspace, { event_id: id, type: 'm.room.message', ...about, content });
}

const transaction = (id: string, body: object) =>
  ask('PUT', `/_matrix/app/v1/transactions/${id}`, body, { authorization: `Bearer ${HS_TOKEN}` });

test('a path that is not percent-encoded as it has to be is refused with 400, by Eyrie and by clients', async () => {
  expect(await ask('GET', '/api/messages/%E0%A4%A')).toMatchObject({ status: 400 });
  expect(await ask('PUT', '/api/messages/%/read')).toMatchObject({ status: 400 });
  expect(await transaction('%E0%A4%A', {})).toMatchObject({ status: 400 });
  expect(called).toEqual([]);
});

test('a receipt without a time, or with one that is none, does not keep its transaction away', async () => {
  const read = (data: object) => ({ 'm.read': { '@bob:theirs.test': data } });
  const content = {
    $one: read({}),
    $two: read({ ts: 'now', thread_id: 'main' }),
    $three: read({ ts: 5, thread_id: '$t' }),
  };
  const ephemeral = [{ type: 'm.receipt', room_id: '!room', content }];
  const events = [{ event_id: '$said', room_id: '!room', type: 'm.room.message', sender: '@bob:theirs.test' }];
  const said = events.map((event) => ({
    ...event,
    origin_server_ts: 1,
    content: { msgtype: 'm.text', body: 'hello' },
  }));
  expect(await transaction('1', { events: said, ephemeral })).toMatchObject({ status: 200 });
  const kept = workspace.database.all('SELECT thread, event_id, ts FROM receipts ORDER BY event_id');
  expect(kept).toEqual([
    { thread: '', event_id: '$one', ts: 0 },
    { thread: '$t', event_id: '$three', ts: 5 },
    { thread: 'main', event_id: '$two', ts: 0 },
  ]);
});

test('many messages that were read are one call, by room and thread, and only what stands is kept', async () => {
  keep('$a', '!one', 1);
  keep('$b', '!one', 2);
  keep('$c', '!one', 3, '$a');
  keep('$d', '!two', 4);
  replies = {
    'POST /_eyrie/admin/v1/receipts': () => ({
      results: [
        { room_id: '!one', user_id: ME, event_id: '$b' },
        { room_id: '!one', user_id: ME, event_id: '$c' },
        { room_id: '!two', user_id: ME, reason: 'not-in-room' },
      ],
    }),
  };
  const answered = await ask('PUT', '/api/read', { messages: ['$b', '$a', '$c', '$d', '$nowhere'] });
  expect(called).toMatchObject([
    {
      body: {
        receipts: [
          { room_id: '!one', user_id: ME, thread_id: 'main', event_ids: ['$a', '$b'] },
          { room_id: '!one', user_id: ME, thread_id: '$a', event_ids: ['$c'] },
          { room_id: '!two', user_id: ME, thread_id: 'main', event_ids: ['$d'] },
        ],
      },
    },
  ]);
  expect(answered).toEqual({
    status: 200,
    body: {
      read: [
        { room: '!one', thread: 'main', event_id: '$b' },
        { room: '!one', thread: '$a', event_id: '$c' },
        { room: '!two', thread: 'main', reason: 'not-in-room' },
      ],
    },
  });
  const kept = workspace.database.all('SELECT room_id, event_id FROM receipts ORDER BY event_id');
  expect(kept).toEqual([
    { room_id: '!one', event_id: '$b' },
    { room_id: '!one', event_id: '$c' },
  ]);
  expect(await ask('PUT', '/api/read', { messages: Array.from({ length: 501 }, () => '$a') })).toMatchObject({
    status: 400,
  });
});

test('presence is told to everybody, or to the servers of chosen rooms', async () => {
  await ask('PUT', '/api/presence', { presence: 'unavailable', status: 'lunch' });
  await ask('PUT', '/api/presence', { presence: 'online', rooms: ['!one'] });
  expect(called.map(({ method, where, body }) => [method, where, body])).toEqual([
    ['PUT', `/presence/${encodeURIComponent(ME)}/status`, { presence: 'unavailable', status_msg: 'lunch' }],
    ['POST', '/_eyrie/admin/v1/presence', { updates: [{ user_id: ME, presence: 'online' }], room_ids: ['!one'] }],
  ]);
});

test('who makes a room is told whom it was not possible to invite, and why', async () => {
  replies = {
    'POST /createRoom': () => ({ room_id: '!made' }),
    'GET /rooms/!made/state': () => [],
    'POST /rooms/!made/invite': ({ body }) => {
      const { user_id: user } = body as { user_id: string };
      if (user === '@bob:theirs.test') return {};
      throw new Refusal(404, { errcode: 'EYRIE_USER_NOT_FOUND', error: 'Nobody', reason: 'federation-user-not-found' });
    },
  };
  const made = await ask('POST', '/api/rooms', { name: 'Nest', invite: ['@bob:theirs.test', '@nobody:theirs.test'] });
  expect(made).toEqual({
    status: 200,
    body: {
      room: '!made',
      not_invited: [
        {
          user: '@nobody:theirs.test',
          errcode: 'EYRIE_USER_NOT_FOUND',
          reason: 'federation-user-not-found',
          error: 'Nobody',
        },
      ],
    },
  });
  expect(called.find(({ where }) => where === '/createRoom')?.body).not.toHaveProperty('invite');
});
