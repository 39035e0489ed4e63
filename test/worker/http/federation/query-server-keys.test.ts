import { env, exports } from 'cloudflare:workers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { JsonObject } from '../../../../src/matrix/json/json-value.ts';
import { aServer } from '../../../support/core/test-keys.ts';
import { aKeyAnswer } from '../../../support/worker/a-key-answer.ts';
import { ask } from '../../../support/worker/ask.ts';

const { DB } = env as unknown as { DB: D1Database };
const worker = exports as unknown as { default: Fetcher };
const peer = aServer('keys.peer.example:443');
const PATH = '/_matrix/key/v2/query';
let asked: string[] = [];

beforeEach(() => {
  asked = [];
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input) => {
    const { host, pathname } = new URL(input as string);
    asked.push(`${host}${pathname}`);
    if (host.startsWith('keys.peer.')) return Response.json(aKeyAnswer(peer));
    throw new Error('connection refused');
  });
});
afterEach(() => vi.restoreAllMocks());

const keysIn = (body: Record<string, unknown>) => body['server_keys'] as readonly JsonObject[];

test('the keys of another server are told to whoever asks, signed by it and by us', async () => {
  const { status, body } = await ask('GET', `${PATH}/${encodeURIComponent(peer.name)}`);
  expect(status).toBe(200);
  const [keys] = keysIn(body);
  expect(keys).toMatchObject({ server_name: peer.name, verify_keys: { [peer.signingKey.keyId]: {} } });
  expect(Object.keys(keys?.['signatures'] as JsonObject).toSorted()).toEqual(['eyrie.test', peer.name]);
});

test('many servers are asked for at once; who cannot be reached is left out', async () => {
  const body = {
    server_keys: {
      [peer.name]: { [peer.signingKey.keyId]: { minimum_valid_until_ts: Date.now() } },
      'down.example:443': {},
      'eyrie.test': {},
      'no server name': {},
      'odd.example:443': 'x',
    },
  };
  const answer = await ask('POST', PATH, { body });
  const names = new Set(keysIn(answer.body).map(({ server_name: name }) => name));
  expect(names).toEqual(new Set(['eyrie.test', peer.name]));
});

test('asking leaves nothing behind', async () => {
  await ask('GET', `${PATH}/stranger.example:443`);
  const found = await DB.prepare('select 1 from destinations where server = ?').bind('stranger.example:443').all();
  expect(found.results).toEqual([]);
});

test('no private address is asked', async () => {
  expect((await ask('GET', `${PATH}/127.0.0.1:8008`)).body).toEqual({ server_keys: [] });
  expect(asked).toEqual([]);
});

test.each([
  ['GET', `${PATH}/no%20name`, undefined, 'M_INVALID_PARAM'],
  ['GET', `${PATH}/eyrie.test?minimum_valid_until_ts=soon`, undefined, 'M_INVALID_PARAM'],
  ['POST', PATH, '{', 'M_NOT_JSON'],
  ['POST', PATH, '{}', 'M_MISSING_PARAM'],
  ['POST', PATH, '{"server_keys":[]}', 'M_BAD_JSON'],
])('%s %s with %s is refused with %4$s', async (method, path, body, errcode) => {
  const answer = await ask(method, path, body === undefined ? {} : { body });
  expect(answer).toMatchObject({ status: 400, body: { errcode } });
});

test('an empty question has an empty answer', async () => {
  const response = await worker.default.fetch(`https://eyrie.test${PATH}`, {
    method: 'POST',
    body: '{"server_keys":{}}',
  });
  expect(await response.text()).toBe('{"server_keys":[]}');
});
