import { expect, test } from 'vitest';

import type { EventId, UserId } from '../../../src/matrix/ids/brands.ts';
import { backfill } from '../../../src/room/backfill/backfill.ts';
import { parsePointToken } from '../../../src/room/read/history-point.ts';
import { readMessages, type MessagesQuery } from '../../../src/room/read/read-messages.ts';
import { readOverHoles } from '../../../src/room/read/read-over-holes.ts';
import { fullState } from '../../../src/room/state/state-at.ts';
import { storeOutliers } from '../../../src/room/join/join-events.ts';
import { joinedRig, layerByLayer } from '../../support/simulator/join-rig.ts';
import { RoomRig } from '../../support/simulator/room-rig.ts';
import { signPdu } from '../../support/simulator/sign-pdu.ts';

const alice = '@alice:one' as UserId;
const bob = '@bob:two' as UserId;

function aRoom(): RoomRig {
  const room = new RoomRig('one');
  room.create('11', alice);
  return room;
}

/** Reads to the beginning, page after page, over what a server fills in. */
async function readAll(rig: RoomRig, fill: (holes: readonly EventId[]) => Promise<boolean>): Promise<EventId[][]> {
  const read = async (query: MessagesQuery) => readMessages(rig.store, query, rig.now);
  const usual = { userId: bob, scope: 'd', dir: 'b', to: undefined, filter: {}, lazyLoadMembers: false } as const;
  const pages: EventId[][] = [];
  let from: MessagesQuery['from'];
  for (;;) {
    const page = await readOverHoles(read, fill, { ...usual, limit: 50, from });
    pages.push(page.chunk.map(({ event_id: id }) => id));
    if (page.end === undefined || page.end === page.start) return pages;
    from = parsePointToken(page.end);
  }
}

test('who pages back misses nothing where every server gives but a part of what is missing', async () => {
  const resident = aRoom();
  const rig = joinedRig(resident, bob);
  for (let n = 0; n < 4; n += 1) resident.say(alice, `unseen ${n}`);
  const rejoined = resident.pdu(resident.say(alice, 'seen').eventId);
  const claim = [...resident.store.state.allAt(resident.store.stream.head()).values()];
  rig.receive(rejoined, 'one', claim);
  const pages = await readAll(rig, layerByLayer(rig, resident));
  const ofResident = resident.store.history.page({ anchor: 1_000, sub: 0 }, 'b', 100);
  expect(pages.flat()).toEqual([...ofResident]);
  expect(pages.length).toBeGreaterThan(1);
});

test('a hole that nobody can fill is passed over', async () => {
  const resident = aRoom();
  const rig = joinedRig(resident, bob);
  resident.say(alice, 'lost');
  const said = resident.pdu(resident.say(alice, 'after it').eventId);
  const claim = [...resident.store.state.allAt(resident.store.stream.head()).values()];
  const [joined] = rig.store.extremities.forward();
  rig.receive(said, 'one', claim);
  const pages = await readAll(rig, async () => false);
  expect(pages[0]).toEqual([said.eventId, joined]);
});

test('what was kept with its state unknown stays where it is, and is nothing new when it comes again', () => {
  const resident = aRoom();
  const rig = joinedRig(resident, bob);
  const [joinId = '$' as EventId] = rig.store.extremities.forward();
  const parents = rig.pdu(joinId).prevEvents.map((id) => resident.pdu(id));
  const give = () => rig.turn((ctx) => backfill(ctx, parents, []));
  expect(give()).toEqual(parents.map(({ eventId }) => eventId));
  const placed = parents.map(({ eventId }) => rig.store.events.get(eventId)?.history);
  expect(give()).toEqual([]);
  expect(parents.map(({ eventId }) => rig.store.events.get(eventId)?.history)).toEqual(placed);
});

test('the state that was told before one event of a batch is not taken for another in another hole', () => {
  const resident = aRoom();
  const rig = joinedRig(resident, bob);
  const [early = '$' as EventId] = rig.store.extremities.forward().flatMap((id) => rig.pdu(id).prevEvents);
  const carol = '@carol:three' as UserId;
  const joined = signPdu(resident, {
    type: 'm.room.member',
    sender: carol,
    stateKey: carol,
    content: { membership: 'join' },
  });
  resident.receive(joined, 'three');
  const first = signPdu(resident, { type: 'm.room.message', sender: carol, content: { body: 'first' } });
  resident.receive(first, 'three');
  const late = resident.pdu(resident.say(alice, 'late').eventId);
  const claim = [...resident.store.state.allAt(resident.store.stream.head()).values()];
  rig.turn((ctx) => storeOutliers(ctx, [joined]));
  expect(rig.receive(late, 'one', claim).kind).toBe('accepted');
  const before = resident.store.events.get(early)?.before ?? { pos: 0, group: null };
  const earlyState = [...fullState(resident.store, before).values()];
  const batch = [first, resident.pdu(early)];
  rig.turn((ctx) => backfill(ctx, batch, [{ eventId: early, state: earlyState }]));
  expect(rig.store.events.get(first.eventId)?.status).toBe('accepted');
  rig.turn((ctx) => backfill(ctx, batch, [{ eventId: first.eventId, state: claim }]));
  expect(rig.store.events.get(first.eventId)?.before).toBeDefined();
});

test('known parents beside unknown ones do not tell the state', () => {
  const resident = aRoom();
  const rig = joinedRig(resident, bob);
  const [joinId = '$' as EventId] = rig.store.extremities.forward();
  const topic = resident.send({ type: 'm.room.topic', sender: alice, stateKey: '', content: { topic: 'lost' } });
  const merge = signPdu(resident, {
    type: 'm.room.message',
    sender: alice,
    content: { body: 'both' },
    prevEvents: [joinId, topic.eventId],
  });
  resident.receive(merge, 'one');
  const late = resident.pdu(resident.say(alice, 'late').eventId);
  const claim = [...resident.store.state.allAt(resident.store.stream.head()).values()];
  rig.turn((ctx) => storeOutliers(ctx, [resident.pdu(topic.eventId)]));
  expect(rig.receive(late, 'one', claim).kind).toBe('accepted');
  rig.turn((ctx) => backfill(ctx, [merge], []));
  expect(rig.store.events.get(merge.eventId)?.before).toBeUndefined();
});
