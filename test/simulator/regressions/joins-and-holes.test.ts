import { expect, test, vi } from 'vitest';

import type { Pdu } from '../../../src/matrix/event/pdu.ts';
import { redactPdu } from '../../../src/matrix/event/redact.ts';
import type { EventId, ServerName, UserId } from '../../../src/matrix/ids/brands.ts';
import { backfill } from '../../../src/room/backfill/backfill.ts';
import { decide } from '../../../src/room/decide/decide.ts';
import { decideByLife } from '../../../src/room/decide/decide-by-life.ts';
import { park } from '../../../src/room/park/park.ts';
import { receive } from '../../../src/room/park/receive.ts';
import { retryHere } from '../../../src/room/park/retry.ts';
import { readMessages } from '../../../src/room/read/read-messages.ts';
import { readSync } from '../../../src/room/read/read-sync.ts';
import { canonicalJson } from '../../../src/matrix/json/canonical-json.ts';
import { acceptJoin, beginJoin, emptyRig, endJoin, joinedRig } from '../../support/simulator/join-rig.ts';
import { RoomRig } from '../../support/simulator/room-rig.ts';
import { signPdu } from '../../support/simulator/sign-pdu.ts';

const alice = '@alice:one' as UserId;
const bob = '@bob:two' as UserId;
const carol = '@carol:two' as UserId;

function aRoom(): RoomRig {
  const room = new RoomRig('one');
  room.create('11', alice);
  return room;
}

const historyOf = (rig: RoomRig, userId: UserId) =>
  readMessages(
    rig.store,
    { userId, scope: 'd', dir: 'b', from: undefined, to: undefined, limit: 100, filter: {}, lazyLoadMembers: false },
    rig.now,
  );
const idsOf = (events: readonly { readonly event_id: EventId }[]) => events.map(({ event_id: id }) => id);

test('a second join over another server does not undo the one that has just ended', () => {
  const resident = aRoom();
  const rig = emptyRig('two', resident);
  const first = acceptJoin(resident, bob);
  const second = acceptJoin(resident, carol);
  endJoin(rig, first, beginJoin(rig, first));
  expect(() => beginJoin(rig, second)).toThrow(expect.objectContaining({ status: 503 }));
  expect(rig.store.extremities.forward()).toEqual([first.pdu.eventId]);
});

test('what was pushed on top of a join while it was under way is decided when it ends', () => {
  const resident = aRoom();
  const rig = emptyRig('two', resident);
  const join = acceptJoin(resident, bob);
  const run = beginJoin(rig, join);
  const said = resident.pdu(resident.say(alice, 'welcome').eventId);
  const origin = 'one' as ServerName;
  const verdict = rig.turn((ctx) => decideByLife(ctx, { pdu: said, origin, provisional: false }));
  expect(verdict).toMatchObject({ kind: 'needs', prev: [join.pdu.eventId] });
  const parked = { eventId: said.eventId, json: canonicalJson(said.json), missing: [join.pdu.eventId] };
  rig.turn((ctx) => park(ctx, origin, [parked]));
  endJoin(rig, join, run);
  expect(rig.store.extremities.forward()).toEqual([said.eventId]);
});

test('a server that comes back keeps what is pushed while it joins', () => {
  const resident = aRoom();
  const rig = joinedRig(resident, bob);
  rig.store.meta.setLifecycle('left');
  beginJoin(rig, acceptJoin(resident, carol));
  const said = resident.pdu(resident.say(alice, 'again').eventId);
  const incoming = { pdu: said, origin: 'one' as ServerName, provisional: false };
  expect(rig.turn((ctx) => decideByLife(ctx, incoming)).kind).toBe('needs');
});

test('each event of a fetched batch goes into the hole below the earliest of its children', () => {
  const resident = aRoom();
  const rig = joinedRig(resident, bob);
  rig.store.meta.setLifecycle('left');
  const between = resident.pdu(resident.say(alice, 'while they were away').eventId);
  const join = acceptJoin(resident, carol);
  endJoin(rig, join, beginJoin(rig, join));
  const old = resident.store.events.get(between.eventId);
  const before = [...resident.store.stream.range(0, 100, 100)]
    .flatMap((row) => (row.kind === 'event' ? [resident.pdu(row.eventId)] : []))
    .filter(({ eventId }) => !rig.store.extremities.forward().includes(eventId));
  expect(old?.status).toBe('accepted');
  rig.turn((ctx) => backfill(ctx, before, []));
  expect(idsOf(historyOf(rig, carol).chunk)).toEqual(idsOf(historyOf(resident, alice).chunk));
});

test('an event of a fetched batch that cannot be stored is left out by itself', () => {
  vi.spyOn(console, 'error').mockReturnValue();
  const resident = aRoom();
  const [older, bad, newer] = ['older', 'bad', 'newer'].map((body) => resident.pdu(resident.say(alice, body).eventId));
  if (older === undefined || bad === undefined || newer === undefined) throw new Error('nothing was said');
  const claim = [...resident.store.state.allAt(resident.store.stream.head()).values()];
  const rig = joinedRig(resident, bob);
  const condition = `new.event_id = '${bad.eventId}'`;
  rig.storage.sql.exec(
    `create trigger broken before insert on events when ${condition} begin select raise(abort, 'no'); end;`,
  );
  rig.turn((ctx) => backfill(ctx, [newer, bad, older], [{ eventId: older.eventId, state: claim }]));
  expect(idsOf(historyOf(rig, bob).chunk).slice(1)).toEqual([older.eventId]);
  // What follows it is kept, and shown once the state before it is told.
  expect(rig.store.events.get(newer.eventId)).toMatchObject({ status: 'accepted', before: undefined });
  expect(historyOf(rig, bob).holes).toContain(newer.eventId);
});

test('a page that ends at a hole can be gone on from', () => {
  const rig = joinedRig(aRoom(), bob);
  const page = historyOf(rig, bob);
  expect(page.holes).toHaveLength(1);
  expect(page.end).toBeDefined();
});

test('a claim of state that is known in part is not taken', () => {
  const resident = aRoom();
  const rig = joinedRig(resident, bob);
  const lost = resident.send({ type: 'm.room.topic', sender: alice, stateKey: '', content: { topic: 'lost' } });
  const said = resident.pdu(resident.say(alice, 'after it').eventId);
  const claim = [...resident.store.state.allAt(resident.store.stream.head()).values()];
  const origin = 'one' as ServerName;
  const verdict = rig.turn((ctx) => decide(ctx, { pdu: said, origin, provisional: false, claim }));
  expect(verdict).toMatchObject({ kind: 'needs', auth: [lost.eventId] });
});

test('an event that comes with a claim stands after a gap, and its parent goes below it', () => {
  const resident = aRoom();
  const rig = joinedRig(resident, bob);
  const lost = resident.pdu(resident.say(alice, 'lost').eventId);
  const said = resident.pdu(resident.say(alice, 'after it').eventId);
  const claim = [...resident.store.state.allAt(resident.store.stream.head()).values()];
  const from = rig.store.stream.head();
  rig.receive(said, 'one', claim);
  const query = { timelineFilter: {}, stateFilter: {}, lazyLoadMembers: false, fullState: false, ignoredUsers: [] };
  const to = rig.store.stream.head();
  const sync = readSync(rig.store, { ...query, userId: bob, scope: 'd', from, to, timelineLimit: 10 }, rig.now);
  expect(sync?.limited).toBe(true);
  rig.receive(lost, 'one');
  expect(rig.store.stream.head()).toBe(to);
  expect(idsOf(historyOf(rig, bob).chunk).slice(0, 2)).toEqual([said.eventId, lost.eventId]);
});

test('a claim is dropped where the parents that it stands for have arrived', () => {
  const resident = aRoom();
  const rig = joinedRig(resident, bob);
  const said = resident.pdu(resident.say(alice, 'hello').eventId);
  const head = rig.store.stream.head();
  const elsewhere = '$unknown' as EventId;
  expect(rig.receive(said, 'one', [elsewhere]).kind).toBe('accepted');
  expect(rig.store.stream.lastGap(head, rig.store.stream.head())).toBeUndefined();
});

test('a hole below an event that is not shown is a gap before the first that is, and is filled below it', () => {
  const resident = aRoom();
  const rig = joinedRig(resident, bob);
  const lost = resident.pdu(resident.say(alice, 'lost').eventId);
  const claim = [...resident.store.state.allAt(resident.store.stream.head()).values()];
  const stranger = '@mallory:three' as UserId;
  const hidden = signPdu(resident, { type: 'm.room.message', sender: stranger, content: { body: 'not allowed' } });
  expect(resident.receive(hidden, 'three').kind).toBe('rejected');
  const draft = { type: 'm.room.message', sender: alice, content: { body: 'shown' }, prevEvents: [hidden.eventId] };
  const shown = signPdu(resident, draft);
  const from = rig.store.stream.head();
  expect(rig.receive(hidden, 'one', claim).kind).toBe('rejected');
  expect(rig.receive(shown, 'one').kind).toBe('accepted');
  const query = { timelineFilter: {}, stateFilter: {}, lazyLoadMembers: false, fullState: false, ignoredUsers: [] };
  const to = rig.store.stream.head();
  const sync = readSync(rig.store, { ...query, userId: bob, scope: 'd', from, to, timelineLimit: 10 }, rig.now);
  expect(sync).toMatchObject({ limited: true, timeline: [{ event_id: shown.eventId }] });
  const page = historyOf(rig, bob);
  expect(page.holes).toContain(shown.eventId);
  rig.turn((ctx) => backfill(ctx, [lost], [{ eventId: lost.eventId, state: claim }]));
  expect(rig.store.stream.head()).toBe(to);
  expect(idsOf(historyOf(rig, bob).chunk).slice(0, 2)).toEqual([shown.eventId, lost.eventId]);
  expect(historyOf(rig, bob).holes).not.toContain(shown.eventId);
});

test('a parent that is only known from the state of the join is a hole that can be filled', () => {
  const resident = aRoom();
  const topic = resident.send({ type: 'm.room.topic', sender: alice, stateKey: '', content: { topic: 'old' } });
  const late = signPdu(resident, {
    type: 'm.room.message',
    sender: alice,
    content: { body: 'late' },
    prevEvents: [topic.eventId],
  });
  const claim = [...resident.store.state.allAt(resident.store.stream.head()).values()];
  resident.say(alice, 'between');
  const rig = joinedRig(resident, bob);
  expect(rig.receive(late, 'one', claim).kind).toBe('accepted');
  expect(historyOf(rig, bob).holes).toContain(late.eventId);
});

test('an intact copy takes the place of a redacted one, in the row that it has', () => {
  const room = aRoom();
  const eve = '@eve:two' as UserId;
  const join = { type: 'm.room.member', sender: eve, stateKey: eve, content: { membership: 'join' } };
  room.receive(signPdu(room, join), 'two');
  const said = signPdu(room, { type: 'm.room.message', sender: eve, content: { body: 'whole' } });
  const origin = 'two' as ServerName;
  const pruned = redactPdu(room.store.rules(), said);
  room.turn((ctx) => decide(ctx, { pdu: pruned, origin, provisional: true }));
  const head = room.store.stream.head();
  expect(room.receive(said, 'two').kind).toBe('accepted');
  expect(room.store.stream.head()).toBe(head);
  expect(room.pdu(said.eventId).content).toEqual({ body: 'whole' });
});

test('who comes back between two syncs is told that the timeline is limited', () => {
  const room = new RoomRig('one');
  room.create('11', alice);
  const dave = '@dave:one' as UserId;
  room.turn((ctx) => ctx.store.localUsers.setShard(dave, 's1'));
  room.member(dave, dave, 'join');
  const from = room.store.stream.head();
  room.member(dave, dave, 'leave');
  room.say(alice, 'unseen in the timeline');
  room.member(dave, dave, 'join');
  const query = { timelineFilter: {}, stateFilter: {}, lazyLoadMembers: false, fullState: false, ignoredUsers: [] };
  const to = room.store.stream.head();
  const sync = readSync(room.store, { ...query, userId: dave, scope: 'd', from, to, timelineLimit: 10 }, room.now);
  expect(sync?.limited).toBe(true);
});

test('who comes back right after what they have not seen is told so, although they asked from there', () => {
  const room = aRoom();
  room.member('@dave:one' as UserId, '@dave:one' as UserId, 'join');
  room.member('@dave:one' as UserId, '@dave:one' as UserId, 'leave');
  room.say(alice, 'while they were away');
  // Others of the same shard have taken its position on.
  const from = room.store.stream.head();
  room.member('@dave:one' as UserId, '@dave:one' as UserId, 'join');
  const query = { timelineFilter: {}, stateFilter: {}, lazyLoadMembers: false, fullState: false, ignoredUsers: [] };
  const to = room.store.stream.head();
  const userId = '@dave:one' as UserId;
  const sync = readSync(room.store, { ...query, userId, scope: 'd', from, to, timelineLimit: 10 }, room.now);
  expect(sync?.limited).toBe(true);
});

/** Twelve messages that `two` lacks, of which it got the last two with a claim of the state before them. */
function withHole() {
  const resident = aRoom();
  const join = acceptJoin(resident, bob);
  const rig = emptyRig('two', resident);
  endJoin(rig, join, beginJoin(rig, join));
  const origin = 'one' as ServerName;
  const said = Array.from({ length: 12 }, (_, n) => resident.pdu(resident.say(alice, String(n)).eventId));
  const state = [...resident.store.state.allAt(resident.store.stream.head()).values()];
  const push = (pdus: readonly Pdu[], claim?: readonly EventId[]) =>
    rig.turn((ctx) =>
      receive(
        ctx,
        origin,
        pdus.map(({ eventId, json }, at) => ({
          eventId,
          json: canonicalJson(json),
          ...(at === 0 && claim !== undefined ? { claim } : {}),
        })),
      ),
    );
  push(said.slice(-2), state);
  return { resident, rig, said, push, state };
}

test('events that come late, below others that are here, are told in the order of the room', () => {
  const { resident, rig, said, push, state } = withHole();
  push(said.slice(4, -2), state);
  push(said.slice(0, 4));
  expect(idsOf(historyOf(rig, bob).chunk).slice(0, 12)).toEqual(idsOf(historyOf(resident, alice).chunk).slice(0, 12));
  expect(rig.store.extremities.forward()).toEqual([said.at(-1)?.eventId]);
});

test('when fetched history closes a hole, the end of the graph below it is none any more', () => {
  const { rig, said } = withHole();
  expect(rig.store.extremities.forward()).toHaveLength(2);
  rig.turn((ctx) => backfill(ctx, said.slice(0, -2), []));
  expect(rig.store.extremities.forward()).toEqual([said.at(-1)?.eventId]);
  expect(idsOf(historyOf(rig, bob).chunk).slice(0, 12)).toEqual(said.map(({ eventId }) => eventId).toReversed());
});

test('what waited for each other below events that are here already is told in the order of the room', () => {
  const { resident, rig, said, push, state } = withHole();
  const waiting = said.slice(0, -2).map(({ eventId, json, prevEvents }) => ({
    eventId,
    json: canonicalJson(json),
    missing: prevEvents,
  }));
  rig.turn((ctx) => park(ctx, 'one' as ServerName, waiting.slice(4)));
  const head = rig.store.stream.head();
  push(said.slice(3, 4), state);
  expect(rig.store.stream.head()).toBe(head);
  rig.turn((ctx) => park(ctx, 'one' as ServerName, waiting.slice(1, 3)));
  push(said.slice(0, 1));
  expect(idsOf(historyOf(rig, bob).chunk).slice(0, 12)).toEqual(idsOf(historyOf(resident, alice).chunk).slice(0, 12));
});

test('an event whose decision failed goes below what waited for it, where that has its place', () => {
  vi.spyOn(console, 'error').mockReturnValue();
  const { resident, rig, said, push, state } = withHole();
  const [first, ...others] = said.slice(0, -2);
  if (first === undefined) throw new Error('nothing was said');
  rig.storage.sql.exec(
    `create trigger broken before insert on events when new.event_id = '${first.eventId}' begin select raise(abort, 'no'); end;`,
  );
  expect(push([first], state)).toMatchObject([{ kind: 'parked' }]);
  rig.storage.sql.exec('drop trigger broken');
  const waiting = others.map(({ eventId, json, prevEvents }) => ({
    eventId,
    json: canonicalJson(json),
    missing: prevEvents,
  }));
  rig.turn((ctx) => park(ctx, 'one' as ServerName, waiting));
  rig.turn((ctx) => retryHere(ctx, [first.eventId]));
  expect(idsOf(historyOf(rig, bob).chunk).slice(0, 12)).toEqual(idsOf(historyOf(resident, alice).chunk).slice(0, 12));
});

test('what comes from before our join with missing events is history, whatever the state forbids by now', () => {
  const resident = aRoom();
  const invite = resident.send({
    type: 'm.room.member',
    sender: alice,
    stateKey: carol,
    content: { membership: 'invite' },
  });
  const rig = joinedRig(resident, bob);
  const earlier = [...resident.store.stream.range(0, 100, 100)].flatMap((row) =>
    row.kind === 'event' && row.eventId !== rig.store.extremities.forward()[0] ? [resident.pdu(row.eventId)] : [],
  );
  const ban = { type: 'm.room.member', sender: alice, stateKey: carol, content: { membership: 'ban' } };
  rig.receive(resident.pdu(resident.send(ban).eventId), 'one');
  const pulled = earlier.map(({ eventId, json }) => ({ eventId, json: canonicalJson(json) }));
  rig.turn((ctx) => receive(ctx, 'one' as ServerName, pulled));
  expect(earlier.map(({ eventId }) => eventId)).toContain(invite.eventId);
  expect(idsOf(historyOf(rig, bob).chunk)).toEqual(idsOf(historyOf(resident, alice).chunk));
});
