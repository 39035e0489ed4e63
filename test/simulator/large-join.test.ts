import { expect, test } from 'vitest';

import type { FederationClient } from '../../src/federation/client.ts';
import { createPduChecker } from '../../src/federation/receive/pdu-checker.ts';
import { createRemoteServers } from '../../src/federation/remote-servers.ts';
import { verifyKeyFromBase64 } from '../../src/matrix/crypto/ed25519.ts';
import type { ServerName, UserId } from '../../src/matrix/ids/brands.ts';
import { canonicalJson } from '../../src/matrix/json/canonical-json.ts';
import { isJsonObject } from '../../src/matrix/json/json-value.ts';
import { parseJson } from '../../src/matrix/json/strict-json.ts';
import { pduFromStored } from '../../src/matrix/event/stored-pdu.ts';
import { finishJoin } from '../../src/room/join/finish-join.ts';
import { settleJoin, takeJoinEvents } from '../../src/room/join/join-events.ts';
import { failJoin, isRunning, startJoin } from '../../src/room/join/join-saga.ts';
import { openWithdrawal } from '../../src/room/join/withdrawal.ts';
import { joinOver, type JoinDeps } from '../../src/rooms/join-over.ts';
import type { RoomLimits } from '../../src/rooms/room-limits.ts';
import type { CheckedPdu } from '../../src/rooms/ports.ts';
import { acceptJoin, emptyRig } from '../support/simulator/join-rig.ts';
import { keyOf, RoomRig } from '../support/simulator/room-rig.ts';
import { signPdu } from '../support/simulator/sign-pdu.ts';

const alice = '@alice:one' as UserId;
const bob = '@bob:two' as UserId;
const MEMBERS = Number(process.env['EYRIE_JOIN_MEMBERS'] ?? 2_000);

/** A resident whose answer has thousands of members, each before what it rests on. */
function aLargeRoom(count = MEMBERS) {
  const resident = new RoomRig('one');
  resident.create('11', alice);
  const join = acceptJoin(resident, bob);
  const members = Array.from({ length: count }, (_, n) => {
    const userId = `@user${n}:three` as UserId;
    return signPdu(resident, {
      type: 'm.room.member',
      sender: userId,
      stateKey: userId,
      content: { membership: 'join', displayname: 'x'.repeat(200) },
    });
  });
  const state = join.state.map((id) => resident.pdu(id));
  async function* answer(): AsyncGenerator<Uint8Array> {
    const encode = (text: string) => new TextEncoder().encode(text);
    yield encode('{"state":[');
    for (const { json } of members) yield await Promise.resolve(encode(`${canonicalJson(json)},`));
    yield encode(`${state.map(({ json }) => canonicalJson(json)).join(',')}],"auth_chain":[`);
    yield encode(`${join.events.map(({ json }) => canonicalJson(json)).join(',')}]}`);
  }
  return { resident, join, answer };
}

/** Our room as the one who joins calls it, with the largest call it got. */
function roomOf(rig: RoomRig) {
  const calls = { largest: 0, count: 0 };
  const pduOf = ({ eventId, json }: CheckedPdu) => {
    const parsed = parseJson(json);
    if (!parsed.ok || !isJsonObject(parsed.value)) throw new Error('no event');
    return pduFromStored(rig.store.rules(), rig.store.meta.roomId(), eventId, parsed.value);
  };
  const rooms = {
    startJoin: async (call) => rig.turn((ctx) => startJoin(ctx, { ...call, pdu: pduOf(call.pdu) })),
    renewJoin: async ({ run }) => isRunning(rig.store, run),
    takeJoinEvents: async (call) => {
      calls.count += 1;
      calls.largest = Math.max(calls.largest, call.events.length);
      rig.turn((ctx) => {
        takeJoinEvents(ctx, { ...call, events: call.events.map((event) => ({ pdu: pduOf(event) })) });
      });
    },
    settleJoin: async (call) =>
      rig.turn((ctx) => settleJoin(ctx, { ...call, read: ({ eventId, json = '' }) => pduOf({ eventId, json }) })),
    finishJoin: async (call) => rig.turn((ctx) => finishJoin(ctx, { ...call, pdu: pduOf(call.pdu) })),
    failJoin: async (call) => rig.turn((ctx) => failJoin(ctx, call)),
  } satisfies Partial<JoinDeps['rooms']>;
  return { rooms: rooms as unknown as JoinDeps['rooms'], calls };
}

/** Bob's server joins over the resident, by these settings. */
async function joined({ resident, join, answer }: ReturnType<typeof aLargeRoom>, limits: Partial<RoomLimits> = {}) {
  const rig = emptyRig('two', resident);
  const { rooms, calls } = roomOf(rig);
  const client = {
    requestStream: (_request, read) => read(answer(), new Headers()),
  } satisfies Partial<FederationClient>;
  const keys = { keyFor: async (server: ServerName) => verifyKeyFromBase64(keyOf(server).publicKey) ?? 'unknown' };
  const never = () => new Promise<void>(() => undefined);
  const deps: JoinDeps = {
    serverName: 'two' as ServerName,
    rooms,
    remote: createRemoteServers(client as unknown as FederationClient),
    pdus: createPduChecker({ keys, late: never }),
    registry: {
      has: async () => true,
      add: async () => undefined,
      setVersion: async () => undefined,
      setPublished: async () => undefined,
    },
    signingKey: async () => keyOf('two'),
    roomLimits: async () => ({ maxPublicMembers: 0, encrypted: true, nonPrivate: true, ...limits }),
    now: () => rig.now,
    after: never,
    randomId: () => 'random',
  };
  const start = { userId: bob, shard: 's1', server: 'one' as ServerName, left: ['three' as ServerName], content: {} };
  const run = rig.turn((ctx) => startJoin(ctx, { ...start, pdu: join.pdu }));
  const sent = { eventId: join.pdu.eventId, json: canonicalJson(join.pdu.json), roomVersion: '11' };
  const ended = await joinOver(deps, { ...start, roomId: join.pdu.roomId, run, sent });
  return { rig, calls, ...ended };
}

test('a room of thousands of members is joined in small pieces, though what they rest on comes last', async () => {
  const { rig, calls, failure } = await joined(aLargeRoom());
  expect(failure).toBeUndefined();
  expect(rig.store.meta.lifecycle()).toBe('live');
  expect(rig.store.state.countMembers('join', rig.store.stream.head())).toBe(MEMBERS + 2);
  expect(calls.largest).toBeLessThanOrEqual(200);
  expect(calls.count).toBeGreaterThanOrEqual(MEMBERS / 200);
}, 600_000);

const tooLarge = {
  reason: 'room-too-large',
  joined_members: 2,
  max_members: 1,
  admin_contact: 'https://two/.well-known/matrix/support',
};

test.each<[string, Partial<RoomLimits>, string, object]>([
  ['of a kind that is not wanted', { nonPrivate: false }, 'M_FORBIDDEN', { reason: 'room-public' }],
  ['too large', { maxPublicMembers: 1 }, 'M_RESOURCE_LIMIT_EXCEEDED', tooLarge],
])(
  'a room that turns out to be %s is left again, and no other server is asked',
  async (_what, limits, errcode, extra) => {
    const room = aLargeRoom(1);
    const { rig, failure, isFinal, run } = await joined(room, limits);
    expect(failure).toMatchObject({ status: 403, errcode, extra });
    expect([isFinal, run]).toEqual([true, undefined]);
    expect(rig.store.meta.lifecycle()).toBe('unborn');
    expect(openWithdrawal(rig.store, bob, rig.now)?.sent).toEqual([{ server: 'one', eventId: room.join.pdu.eventId }]);
  },
);

test('a room that is just as large as it may be is joined, without a count from its server', async () => {
  const { rig, failure } = await joined(aLargeRoom(1), { maxPublicMembers: 2 });
  expect(failure).toBeUndefined();
  expect(rig.store.meta.lifecycle()).toBe('live');
});
