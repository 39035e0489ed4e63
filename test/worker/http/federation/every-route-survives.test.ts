import { env, exports } from 'cloudflare:workers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { createApp } from '../../../../src/app.ts';
import { readConfig, type Env } from '../../../../src/config.ts';
import { buildXMatrix } from '../../../../src/matrix/crypto/x-matrix.ts';
import { parseJson } from '../../../../src/matrix/json/strict-json.ts';
import { aServer } from '../../../support/core/test-keys.ts';
import { joinAsPeer } from '../../../support/fuzz/join-as-peer.ts';
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
  return joinAsPeer(send, { roomId, version, peer, userId: theirs });
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
    const fault = answerFault(status, text, /invite|onbind|\/send\//.test(path));
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
