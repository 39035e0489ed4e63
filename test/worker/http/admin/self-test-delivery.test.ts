import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { eventIdOf } from '../../../../src/matrix/event/hashes.ts';
import type { JsonValue } from '../../../../src/matrix/json/json-value.ts';
import { rulesOf } from '../../../support/core/rules-of.ts';
import { aPeer, aRoom, forgetPeers, inRoom, joinFrom, say, v3, type Peer } from '../../../support/worker/a-peer.ts';
import { aLoggedInUser, anAdministrator, ask } from '../../../support/worker/ask.ts';
import { eventually } from '../../../support/worker/eventually.ts';

beforeEach(() => void vi.spyOn(console, 'error').mockReturnValue());
afterEach(forgetPeers);

const EVENT = '/_matrix/federation/v1/event/';
const SEND = '/_matrix/federation/v1/send/';

const refusal = (status: number, errcode: string) => () => Response.json({ errcode, error: 'no' }, { status });
const taken = () => ({ pdus: {} });

const idOf = (json: Parameters<typeof eventIdOf>[1]) => {
  const made = eventIdOf(rulesOf('11'), json);
  return made.ok ? made.value : undefined;
};

/** A server that answers, with a user in a room of ours. */
async function aPeerInARoom() {
  const alice = await aLoggedInUser('alice');
  const roomId = await aRoom(alice);
  const peer = aPeer();
  peer.reply('/_matrix/federation/v1/version', () => ({ server: { name: 'Other', version: '1.2' } }));
  await joinFrom(peer, roomId);
  return { alice, roomId, peer };
}

/** It answers for events as this has it of those that it was sent. */
function keeps(peer: Peer, as: (event: JsonValue) => JsonValue = (event) => event): void {
  peer.reply(EVENT, ({ target }) => {
    const wanted = decodeURIComponent(target.slice(EVENT.length));
    const event = peer.pdus().find((each) => idOf(each) === wanted);
    if (event === undefined) return refusal(404, 'M_NOT_FOUND')();
    return { origin: peer.server.name, origin_server_ts: 1, pdus: [as(event)] };
  });
}

async function deliveryTo(peer: Peer) {
  const { token } = await anAdministrator();
  const { status, body } = await ask('POST', '/_eyrie/admin/v1/selftest', { token, body: { peer: peer.server.name } });
  expect(status).toBe(200);
  const said = body as unknown as {
    ok: boolean;
    steps: { step: string; result: string; ok: boolean | null; advice: string | null }[];
  };
  return said.steps.find(({ step }) => step === 'delivery');
}

const arrived = (peer: Peer, eventId: string) => eventually(() => expect(peer.pdus().map(idOf)).toContain(eventId));

test('the newest message that a server was sent comes back from it: it was delivered', async () => {
  const { alice, roomId, peer } = await aPeerInARoom();
  keeps(peer);
  await say(alice, roomId, 'first');
  const eventId = await say(alice, roomId, 'second');
  await arrived(peer, eventId);
  await eventually(async () => {
    expect(await deliveryTo(peer)).toMatchObject({ result: 'ok', ok: true, seen: expect.stringContaining(eventId) });
  });
  // It was asked for it, and sent nothing for the sake of it.
  expect(peer.received.some(({ target }) => decodeURIComponent(target) === `${EVENT}${eventId}`)).toBe(true);
  expect(peer.pdus()).toHaveLength(2);
});

test('a server that takes transactions and does not have the message is found out, though all else is well', async () => {
  const { alice, roomId, peer } = await aPeerInARoom();
  peer.reply(EVENT, refusal(404, 'M_NOT_FOUND'));
  const eventId = await say(alice, roomId, 'lost');
  await arrived(peer, eventId);
  expect(await deliveryTo(peer)).toMatchObject({
    result: 'failed',
    ok: false,
    seen: expect.stringContaining(eventId),
    advice: expect.stringContaining('and not the event'),
  });
});

test('one that is only slow to take it in is asked again', async () => {
  const { alice, roomId, peer } = await aPeerInARoom();
  keeps(peer);
  await arrived(peer, await say(alice, roomId, 'slow'));
  const asked = () => peer.received.filter(({ target }) => target.startsWith(EVENT)).length;
  const answer = peer.answer.bind(peer);
  vi.spyOn(peer, 'answer').mockImplementation((request) =>
    request.target.startsWith(EVENT) && asked() === 0
      ? (peer.received.push(request), refusal(404, 'M_NOT_FOUND')())
      : answer(request),
  );
  expect(await deliveryTo(peer)).toMatchObject({ result: 'ok' });
  expect(asked()).toBe(2);
});

test.each([
  [403, 'M_FORBIDDEN', 'failed', 'we are not in this room'],
  [401, 'M_UNAUTHORIZED', 'failed', 'our keys'],
  [404, 'M_UNRECOGNIZED', 'failed', 'does not know the path'],
  [500, 'M_UNKNOWN', 'failed', 'could not say'],
  [429, 'M_LIMIT_EXCEEDED', 'not_exercised', null],
])('a server that answers %i %s for the message', async (status, errcode, result, advice) => {
  const { alice, roomId, peer } = await aPeerInARoom();
  peer.reply(EVENT, refusal(status, errcode));
  await arrived(peer, await say(alice, roomId, 'asked for'));
  const { result: is, advice: said } = (await deliveryTo(peer)) ?? {};
  expect({ is, isAdvised: advice === null ? said === null : said?.includes(advice) }).toEqual({
    is: result,
    isAdvised: true,
  });
});

test('another event, or a changed one, is none', async () => {
  const { alice, roomId, peer } = await aPeerInARoom();
  keeps(peer, (event) => ({ ...(event as object), origin_server_ts: 5 }));
  await arrived(peer, await say(alice, roomId, 'changed'));
  expect(await deliveryTo(peer)).toMatchObject({ result: 'failed', seen: expect.stringContaining('another event') });
});

test('what waits for a server is not asked for: the newest that it took is', async () => {
  const { alice, roomId, peer } = await aPeerInARoom();
  keeps(peer);
  const first = await say(alice, roomId, 'taken');
  await arrived(peer, first);
  await eventually(async () => expect(await deliveryTo(peer)).toMatchObject({ result: 'ok' }));
  peer.reply(SEND, refusal(500, 'M_UNKNOWN'));
  const second = await say(alice, roomId, 'waits');
  await arrived(peer, second);
  peer.reply(EVENT, refusal(404, 'M_NOT_FOUND'));
  keeps(peer);
  expect(await deliveryTo(peer)).toMatchObject({ result: 'ok', seen: expect.stringContaining(first) });
});

test('with nothing sent, nobody there any more, or nobody of ours there it is never called good', async () => {
  const { alice, roomId, peer } = await aPeerInARoom();
  keeps(peer);
  peer.reply(SEND, refusal(500, 'M_UNKNOWN'));
  await arrived(peer, await say(alice, roomId, 'never taken'));
  expect(await deliveryTo(peer)).toMatchObject({ result: 'not_exercised', ok: null });
  peer.reply(SEND, taken);
  const { token } = alice;
  expect(await ask('POST', inRoom(roomId, '/leave'), { token, body: {} })).toMatchObject({ status: 200 });
  expect(await ask('GET', `${v3}/joined_rooms`, { token })).toMatchObject({ status: 200 });
  expect(await deliveryTo(peer)).toMatchObject({ result: 'not_exercised', ok: null });
});
