import { env, exports } from 'cloudflare:workers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { createApp } from '../../../../src/app.ts';
import { readConfig, type Env } from '../../../../src/config.ts';
import { buildXMatrix } from '../../../../src/matrix/crypto/x-matrix.ts';
import { contentHash, eventIdOf } from '../../../../src/matrix/event/hashes.ts';
import { signatureOf } from '../../../../src/matrix/event/sign.ts';
import type { JsonObject } from '../../../../src/matrix/json/json-value.ts';
import { parseJson } from '../../../../src/matrix/json/strict-json.ts';
import { rulesOf } from '../../../support/core/rules-of.ts';
import { aServer } from '../../../support/core/test-keys.ts';
import { Random } from '../../../support/simulator/random.ts';
import { aKeyAnswer } from '../../../support/worker/a-key-answer.ts';
import { aLoggedInUser, ask, type TestUser } from '../../../support/worker/ask.ts';
import { answerFault } from '../../../support/worker/fuzz/answer-fault.ts';
import {
  aFederationRequest,
  type FederationWorld,
  type SharedRoom,
} from '../../../support/worker/fuzz/federation-requests.ts';
import { fuzzRequests, fuzzSeed } from '../../../support/worker/fuzz/fuzz-size.ts';

const worker = exports as unknown as { default: Fetcher };
const bindings = env as unknown as Env;
const { serverName } = readConfig(bindings);
const v3 = '/_matrix/client/v3';
const federation = '/_matrix/federation';

/** With a port, so that nothing is looked up for it. */
const peer = aServer('fuzz.peer.example:443');
const theirs = `@eve:${peer.name}`;

const routes = [
  ...new Map(
    createApp(bindings)
      .routes.filter(({ method, path }) => method !== 'ALL' && /^\/_matrix\/(?:federation|key)\//.test(path))
      .map(({ method, path }) => [`${method} ${path}`, { method, path }]),
  ).values(),
];

beforeEach(() => {
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input) => {
    const url = new URL(input as string);
    if (url.host.startsWith('fuzz.peer.') && url.pathname.startsWith('/_matrix/key/'))
      return Response.json(aKeyAnswer(peer));
    throw new Error('connection refused');
  });
});
afterEach(() => vi.restoreAllMocks());

interface Sent {
  readonly status: number;
  readonly text: string;
}

/** As the peer, or as nobody. A body that is no JSON cannot be covered by the signature. */
async function send(method: string, target: string, body: string | undefined, isSigned = true): Promise<Sent> {
  const url = new URL(`https://eyrie.test${target}`);
  const parsed = body === undefined || body === '' ? undefined : parseJson(body);
  const content = parsed?.ok === true ? parsed.value : undefined;
  const uri = `${url.pathname}${url.search}`;
  const header = buildXMatrix({ method, uri, origin: peer.name, destination: serverName, content }, peer.signingKey);
  const response = await worker.default.fetch(url.href, {
    method,
    headers: isSigned ? { authorization: header } : {},
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, text: await response.text() };
}

/** A room of ours that the peer has joined. */
async function aSharedRoom({ token }: TestUser, version: string): Promise<SharedRoom> {
  const body = { preset: 'public_chat', room_version: version };
  const roomId = String((await ask('POST', `${v3}/createRoom`, { token, body })).body['room_id']);
  const rules = rulesOf(version);
  const made = await send(
    'GET',
    `${federation}/v1/make_join/${encodeURIComponent(roomId)}/${theirs}?ver=${version}`,
    undefined,
  );
  const template = (JSON.parse(made.text) as { event: JsonObject }).event;
  const named =
    rules.eventId === 'sender' ? { ...template, event_id: `$${crypto.randomUUID()}:${peer.name}` } : template;
  const draft = { ...named, origin_server_ts: Date.now() };
  const hashed = { ...draft, hashes: { sha256: contentHash(draft) } };
  const join = { ...hashed, signatures: signatureOf(rules, hashed, peer.name, peer.signingKey) };
  const eventId = eventIdOf(rules, join);
  if (!eventId.ok) throw new Error('the join has no ID');
  const path = `${encodeURIComponent(roomId)}/${encodeURIComponent(eventId.value)}`;
  const joined = await send('PUT', `${federation}/v2/send_join/${path}`, JSON.stringify(join));
  if (joined.status !== 200) throw new Error(`the peer could not join: ${joined.text}`);
  const edges = template['auth_events'] as readonly (string | readonly [string])[];
  const authEvents = edges.map((edge) => (typeof edge === 'string' ? edge : edge[0]));
  return { roomId, rules, eventIds: [eventId.value, ...authEvents], authEvents };
}

test.each(routes)('$method $path answers whatever it is asked', { timeout: 600_000 }, async ({ method, path }) => {
  const random = new Random(fuzzSeed);
  const user = await aLoggedInUser('fed');
  const rooms: SharedRoom[] = [];
  for (const version of ['1', '5', '11', '12']) rooms.push(await aSharedRoom(user, version));
  const world: FederationWorld = { peer, theirs, ours: user.userId, rooms };
  const faults: object[] = [];
  for (let number = 0; number < fuzzRequests; number += 1) {
    const { target, body } = aFederationRequest(random, { method, path }, world);
    const { status, text } = await send(method, target, body, random.chance(0.95));
    const fault = answerFault(status, text, /invite|\/send\//.test(path));
    if (fault !== undefined) faults.push({ fault, target, body: body?.slice(0, 2_000), text: text.slice(0, 300) });
  }
  for (const { roomId } of rooms) {
    const room = `${v3}/rooms/${encodeURIComponent(roomId)}`;
    for (const read of [`${v3}/sync`, `${room}/messages?dir=b&limit=100`, `${room}/state`, `${room}/members`]) {
      const { status } = await ask('GET', read, { token: user.token });
      if (status !== 200) faults.push({ fault: `${status}: the room cannot be read`, read });
    }
  }
  expect(faults).toEqual([]);
});
