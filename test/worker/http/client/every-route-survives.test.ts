import { env, exports } from 'cloudflare:workers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { createApp } from '../../../../src/app.ts';
import type { Env } from '../../../../src/config.ts';
import { Random } from '../../../support/simulator/random.ts';
import { aLoggedInUser, ask } from '../../../support/worker/ask.ts';
import { answerFault } from '../../../support/worker/fuzz/answer-fault.ts';
import { aClientRequest, type ClientRequest, type ClientWorld } from '../../../support/worker/fuzz/client-requests.ts';
import { uploaded } from '../../../support/worker/files.ts';
import { fuzzRequests, fuzzSeed } from '../../../support/worker/fuzz/fuzz-size.ts';

const worker = exports as unknown as { default: Fetcher };
const v3 = '/_matrix/client/v3';

const routes = [
  ...new Map(
    createApp(env as unknown as Env)
      .routes.filter(({ method, path }) => method !== 'ALL' && /^\/_matrix\/(?:client|media)\//.test(path))
      .map(({ method, path }) => [`${method} ${path}`, { method, path }]),
  ).values(),
];

// What the rooms of the requests send to other servers, and what is asked of these.
beforeEach(() => {
  vi.spyOn(globalThis, 'fetch').mockRejectedValue(new Error('connection refused'));
});
afterEach(() => vi.restoreAllMocks());

/** Two users in a room of a strict and in one of a lax version. */
async function aWorld(random: Random): Promise<ClientWorld> {
  const [user, other] = [await aLoggedInUser('fuzz'), await aLoggedInUser('other')];
  const { token } = user;
  const made: string[] = [];
  const eventIds: string[] = [];
  const localpart = `fuzz${crypto.randomUUID()}`;
  for (const version of [random.pick(['11', '12']), random.pick(['1', '3', '5'])]) {
    const body = {
      preset: 'public_chat',
      room_version: version,
      ...(made.length === 0 ? { room_alias_name: localpart } : {}),
    };
    const roomId = String((await ask('POST', `${v3}/createRoom`, { token, body })).body['room_id']);
    const path = `${v3}/rooms/${encodeURIComponent(roomId)}`;
    await ask('POST', `${path}/join`, { token: other.token, body: {} });
    const sent = await ask('PUT', `${path}/send/m.room.message/0`, { token, body: { body: 'hello' } });
    made.push(roomId);
    eventIds.push(String(sent.body['event_id']));
  }
  const filter = await ask('POST', `${v3}/user/${user.userId}/filter`, { token, body: {} });
  const sync = await ask('GET', `${v3}/sync`, { token });
  return {
    userId: user.userId,
    otherId: other.userId,
    token,
    deviceId: user.deviceId,
    roomIds: made,
    eventIds,
    alias: `#${localpart}:eyrie.test`,
    filterId: String(filter.body['filter_id']),
    since: String(sync.body['next_batch']),
    mediaId: (await uploaded(user, '{}', { contentType: 'application/json' })).split('/')[1] ?? '',
  };
}

async function send({ method, target, body, headers }: ClientRequest): Promise<{ status: number; text: string }> {
  const response = await worker.default.fetch(`https://eyrie.test${target}`, {
    method,
    headers,
    redirect: 'manual',
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, text: await response.text() };
}

const isAlive = async ({ token }: ClientWorld) => (await ask('GET', `${v3}/account/whoami`, { token })).status === 200;

/** What a client of the user asks next has to work, whatever was stored before. */
function readBack({ token, since, roomIds }: ClientWorld): ClientRequest[] {
  const rooms = roomIds.map((roomId) => `${v3}/rooms/${encodeURIComponent(roomId)}`);
  const targets = [
    `${v3}/sync`,
    `${v3}/sync?since=${since}`,
    `${v3}/sync?full_state=true&since=${since}`,
    ...rooms.flatMap((path) => [`${path}/messages?dir=b&limit=100`, `${path}/state`, `${path}/members`]),
  ];
  return targets.map((target) => ({
    method: 'GET',
    target,
    body: undefined,
    headers: { authorization: `Bearer ${token}` },
  }));
}

const asksOthers = ({ target, body }: ClientRequest) =>
  /other\.test|%23|%21|[@#!]|\/media\/(?:download|thumbnail)\/|[?&]server=/.test(`${target} ${body ?? ''}`);

test.each(routes)('$method $path answers whatever it is asked', { timeout: 600_000 }, async (route) => {
  const random = new Random(fuzzSeed);
  const faults: object[] = [];
  const check = async (request: ClientRequest) => {
    const { status, text } = await send(request);
    const fault = answerFault(status, text, asksOthers(request));
    if (fault === undefined) return;
    const { target, body, headers } = request;
    faults.push({ fault, target: target.slice(0, 500), body: body?.slice(0, 1_000), headers });
  };
  let world = await aWorld(random);
  for (let number = 0; number < fuzzRequests; number += 1) {
    await check(aClientRequest(random, route, world));
    if (!(await isAlive(world))) world = await aWorld(random);
  }
  for (const request of readBack(world)) await check(request);
  expect(faults).toEqual([]);
});
