import { expect, test } from 'vitest';

import type { EventId, ServerName, UserId } from '../../src/matrix/ids/brands.ts';
import { OutgoingRanges } from '../../src/room/dispatch/outgoing-ranges.ts';
import { rangeForDestination } from '../../src/room/dispatch/range-for-destination.ts';
import { readMessages } from '../../src/room/read/read-messages.ts';
import { readOverHoles } from '../../src/room/read/read-over-holes.ts';
import {
  backfillForServer,
  eventByTimeForServer,
  eventForServer,
  missingEventsForServer,
} from '../../src/room/servers/read-for-server.ts';
import { joinedRig, layerByLayer } from '../support/simulator/join-rig.ts';
import { RoomRig } from '../support/simulator/room-rig.ts';
import { signPdu } from '../support/simulator/sign-pdu.ts';

const alice = '@alice:one' as UserId;
const bob = '@bob:two' as UserId;
const two = 'two' as ServerName;
const DAY = 86_400_000;

function aRoom(): RoomRig {
  const room = new RoomRig('one');
  room.create('11', alice);
  return room;
}

const bodyOf = (json: string) => (JSON.parse(json) as { content: { body?: string } }).content.body;

const read = (
  rig: RoomRig,
  userId: UserId,
  fill: (holes: readonly EventId[]) => Promise<boolean> = async () => false,
) =>
  readOverHoles(async (query) => readMessages(rig.store, query, rig.now), fill, {
    userId,
    scope: 'd',
    dir: 'b',
    from: undefined,
    to: undefined,
    limit: 50,
    filter: {},
    lazyLoadMembers: false,
  });

const said = (chunk: readonly { readonly content: object }[]) =>
  chunk.map(({ content }) => (content as { body?: string }).body).filter((body) => body !== undefined);

/** A room of one, which keeps messages for a day, with a user of two; an old message and a new one. */
function anAgingRoom() {
  const room = aRoom();
  room.defaultDays = 1;
  expect(
    room.receive(
      signPdu(room, { type: 'm.room.member', sender: bob, stateKey: bob, content: { membership: 'join' } }),
      two,
    ).kind,
  ).toBe('accepted');
  const { eventId: slip } = room.say(alice, 'a slip');
  const redaction = room.send({ type: 'm.room.redaction', sender: alice, content: { redacts: slip } }).eventId;
  const old = room.say(alice, 'old').eventId;
  const oldTs = room.now;
  room.now += DAY + 1_000;
  const fresh = room.say(alice, 'new').eventId;
  return { room, redaction, old, oldTs, fresh };
}

test('another server is given an expired message redacted, with its ID and its place in the graph', () => {
  const { room, old, oldTs, fresh, redaction } = anAgingRoom();
  const given = JSON.parse(eventForServer(room.store, two, old)) as Record<string, unknown>;
  expect(given).toEqual({ ...room.pdu(old).json, content: {} });
  expect(backfillForServer(room.store, two, [fresh], 2).map(bodyOf)).toEqual(['new', undefined]);
  const gap = { earliest: [redaction], latest: [fresh], limit: 5, minDepth: 0 };
  expect(missingEventsForServer(room.store, two, gap).map(bodyOf)).toEqual([undefined]);
  expect(eventByTimeForServer(room.store, two, { ts: oldTs, dir: 'f' })?.eventId).toBe(fresh);
  // What it takes away may still be there.
  expect(eventForServer(room.store, two, redaction)).toContain('"redacts"');
});

test('what waited for a server until it expired leaves without its content, and what follows whole', () => {
  const { room, old, fresh } = anAgingRoom();
  const behind = { server: two, epoch: room.store.meta.epoch(), from: 0, limit: 50 };
  const bodies = (pdus: readonly { readonly eventId: EventId; readonly json: string }[]) =>
    pdus.filter(({ eventId }) => [old, fresh].includes(eventId)).map(({ json }) => bodyOf(json));
  expect(bodies(rangeForDestination(room.store, behind, room.serverName).pdus)).toEqual([undefined, 'new']);
  const head = room.store.stream.head();
  expect(bodies(new OutgoingRanges(room.store, room.serverName).of(two, 0, head).pdus)).toEqual([undefined, 'new']);
});

test('a copy that another server still has does not bring an expired message back', () => {
  const room = aRoom();
  room.defaultDays = 1;
  const { eventId } = room.say(alice, 'old');
  const whole = room.pdu(eventId);
  room.now += DAY + 1_000;
  expect(room.receive(whole, two).kind).toBe('known');
  expect(
    said(
      readMessages(
        room.store,
        {
          userId: alice,
          scope: 'd',
          dir: 'b',
          from: undefined,
          to: undefined,
          limit: 9,
          filter: {},
          lazyLoadMembers: false,
        },
        room.now,
      ).chunk,
    ),
  ).toEqual([]);
});

test('a late message that expired on its way joins the graph, and nobody reads it', async () => {
  const { room } = anAgingRoom();
  const late = signPdu(
    { store: room.store, now: room.now - 2 * DAY },
    { type: 'm.room.message', sender: bob, content: { body: 'late' } },
  );
  expect(room.receive(late, two).kind).toBe('accepted');
  expect(room.pdu(late.eventId).content).toEqual({});
  expect(room.pdu(room.say(alice, 'next').eventId).prevEvents).toEqual([late.eventId]);
  expect(said((await read(room, alice)).chunk)).toEqual(['next', 'new']);
});

/** A server that has come into a room of old messages, which it can be given. */
function aNewcomer() {
  const resident = aRoom();
  const originServerTs = resident.now - 2 * DAY;
  for (let n = 0; n < 3; n += 1) {
    resident.send({ type: 'm.room.message', sender: alice, content: { body: `old ${n}` }, originServerTs });
  }
  const recent = resident.say(alice, 'recent').eventId;
  const rig = joinedRig(resident, bob);
  const asked: EventId[] = [];
  const give = layerByLayer(rig, resident);
  const fill = async (holes: readonly EventId[]) => {
    asked.push(...holes);
    return give(holes);
  };
  return { rig, recent, fill, asked };
}

test('who pages back is given what is young enough, and nothing below it is fetched', async () => {
  const { rig, recent, fill, asked } = aNewcomer();
  rig.defaultDays = 1;
  const page = await read(rig, bob, fill);
  expect(said(page.chunk)).toEqual(['recent']);
  expect(page.end).toBeUndefined();
  expect(asked).not.toContain(rig.pdu(recent).prevEvents[0]);
  // The newest of what is too old may be seen to be so only when it is here.
  const [below] = rig.pdu(recent).prevEvents;
  const stored = below === undefined ? undefined : rig.store.events.get(below);
  expect(stored?.pdu.content ?? {}).toEqual({});
});

test('without a limit everything is fetched', async () => {
  const { rig, fill } = aNewcomer();
  expect(said((await read(rig, bob, fill)).chunk).length).toBeGreaterThan(1);
});
