import { expect, test } from 'vitest';

import type { EventId, ServerName, UserId } from '../../src/matrix/ids/brands.ts';
import { readSync, type SyncQuery } from '../../src/room/read/read-sync.ts';
import { enterLeftOut, hasLeftOut } from '../../src/room/join/left-out.ts';
import { failJoin, isJoining, resumeJoin, startJoin } from '../../src/room/join/join-saga.ts';
import { beginWithdrawal, endWithdrawal, openWithdrawal } from '../../src/room/join/withdrawal.ts';
import {
  acceptJoin,
  beginJoin,
  emptyRig,
  endJoin,
  giveEvents,
  joinedRig,
  readPdu,
} from '../support/simulator/join-rig.ts';
import { RoomRig } from '../support/simulator/room-rig.ts';

const alice = '@alice:one' as UserId;
const bob = '@bob:two' as UserId;
const dave = '@dave:three' as UserId;
const one = 'one' as ServerName;
const other = 'other' as ServerName;

function aRoom(): RoomRig {
  const resident = new RoomRig('one');
  resident.create('11', alice);
  return resident;
}

/** Bob's server as it begins to join over `one`, and then `other`. */
function joining(appservice?: string) {
  const resident = aRoom();
  const join = acceptJoin(resident, bob);
  const rig = emptyRig('two', resident);
  const start = { userId: bob, shard: 's1', pdu: join.pdu, server: one, left: [other], content: {} };
  const run = rig.turn((ctx) => startJoin({ ...ctx, appservice }, start));
  return { rig, join, run, resident, start };
}

test('a join that nobody works on goes on with the same event, in a run of its own', () => {
  const { rig, join, run } = joining();
  const resumed = rig.turn(resumeJoin);
  expect(resumed).toMatchObject({ server: 'one', left: ['other'], event: { eventId: join.pdu.eventId } });
  expect(() => giveEvents(rig, join, run)).toThrow(expect.objectContaining({ status: 503 }));
  giveEvents(rig, join, resumed?.run ?? 0);
  expect(() => endJoin(rig, join, run)).toThrow(expect.objectContaining({ status: 503 }));
  endJoin(rig, join, resumed?.run ?? 0);
  expect(rig.store.meta.lifecycle()).toBe('live');
});

test('a join that is resumed, over whatever server, is still that of the application service that had it made', () => {
  const { rig, join } = joining('bridge');
  const next = rig.turn(resumeJoin);
  rig.turn((ctx) => failJoin(ctx, { run: next?.run ?? 0, server: one, isRefused: true }));
  const resumed = rig.turn(resumeJoin);
  expect(resumed).not.toHaveProperty('appservice');
  const run = rig.turn((ctx) =>
    startJoin(ctx, {
      userId: bob,
      shard: 's1',
      pdu: join.pdu,
      server: other,
      left: [],
      content: {},
      run: resumed?.run ?? 0,
    }),
  );
  giveEvents(rig, join, run);
  endJoin(rig, join, run);
  expect(rig.store.events.get(join.pdu.eventId)?.appservice).toBe('bridge');
});

test('after three times in vain it goes on over the next server, and then is withdrawn', () => {
  const { rig, join } = joining();
  const servers = Array.from({ length: 6 }, () => rig.turn(resumeJoin)).map((resumed) => [
    resumed?.server,
    resumed?.event?.eventId,
  ]);
  const { eventId } = join.pdu;
  expect(servers.slice(0, 3)).toEqual([
    ['one', eventId],
    ['one', eventId],
    ['one', eventId],
  ]);
  expect(servers.slice(3)).toEqual([
    ['other', undefined],
    ['other', undefined],
    ['other', undefined],
  ]);
  expect(rig.turn(resumeJoin)).toBeUndefined();
  expect(rig.store.meta.lifecycle()).toBe('unborn');
  expect(openWithdrawal(rig.store, bob, rig.now)?.sent).toEqual([{ server: 'one', eventId }]);
});

test('a server that refused the join is not told of a leave', () => {
  const { rig, run } = joining();
  expect(rig.turn((ctx) => failJoin(ctx, { run, server: one, isRefused: true }))).toBe(true);
  expect(rig.turn((ctx) => failJoin(ctx, { run, server: other, isRefused: true }))).toBe(false);
  expect(isJoining(rig.store)).toBe(false);
  expect(openWithdrawal(rig.store, bob, rig.now)).toBeUndefined();
});

test('a failure that an earlier run tells of changes nothing', () => {
  const { rig, run } = joining();
  rig.turn(resumeJoin);
  expect(rig.turn((ctx) => failJoin(ctx, { run, server: one, isRefused: true }))).toBe(true);
  expect(rig.turn(resumeJoin)?.server).toBe('one');
});

test('another join is refused until the one under way has ended', () => {
  const { rig, resident } = joining();
  expect(() => beginJoin(rig, acceptJoin(resident, '@carol:two' as UserId))).toThrow(
    expect.objectContaining({ status: 503 }),
  );
});

test('a withdrawal ends when each server was told; the next join waits for one that is being told', () => {
  const { rig, run, start, join } = joining();
  for (const server of [one, other]) {
    rig.turn((ctx) => failJoin(ctx, { run, server, isRefused: false }));
  }
  const open = rig.turn((ctx) => beginWithdrawal(ctx, bob));
  expect(() => rig.turn((ctx) => startJoin(ctx, start))).toThrow(expect.objectContaining({ status: 503 }));
  expect(rig.turn((ctx) => endWithdrawal(ctx, bob, open?.sent ?? []))).toBe(false);
  expect(openWithdrawal(rig.store, bob, rig.now)).toBeUndefined();
  const again = rig.turn((ctx) => startJoin(ctx, start));
  giveEvents(rig, join, again);
  endJoin(rig, join, again);
  expect(rig.store.meta.lifecycle()).toBe('live');
});

test('a join that is tried again takes the withdrawal over', () => {
  const { rig, run, start } = joining();
  for (const server of [one, other]) {
    rig.turn((ctx) => failJoin(ctx, { run, server, isRefused: false }));
  }
  rig.turn((ctx) => startJoin(ctx, start));
  expect(openWithdrawal(rig.store, bob, rig.now)).toBeUndefined();
});

test('events may come before those that they rest on', () => {
  const { rig, join, run } = joining();
  giveEvents(rig, { ...join, events: join.events.toReversed() }, run);
  endJoin(rig, join, run);
  const members = rig.store.state.membersAt('join', rig.store.stream.head()).map(({ userId }) => userId);
  expect(members).toEqual([alice, bob]);
});

const syncOf = (userId: UserId, from: number, to: number): SyncQuery => ({
  userId,
  scope: 'PHONE',
  from,
  to,
  timelineLimit: 10,
  timelineFilter: {},
  stateFilter: {},
  lazyLoadMembers: false,
  fullState: false,
  ignoredUsers: [],
});

/** Bob's server, in the room but for Dave's membership, whose server's key is not to be had. */
function withoutDave() {
  const resident = aRoom();
  joinedRig(resident, dave);
  const join = acceptJoin(resident, bob);
  const rig = emptyRig('two', resident);
  const daves = resident.store.state.at('m.room.member', dave, resident.store.stream.head()) as EventId;
  const started = rig.turn((ctx) =>
    startJoin(ctx, { userId: bob, shard: 's1', pdu: join.pdu, server: one, left: [], content: {} }),
  );
  giveEvents(rig, join, started, [daves]);
  endJoin(rig, join, started);
  const enter = (ids: readonly EventId[], forged: readonly EventId[] = []) =>
    rig.turn((ctx) =>
      enterLeftOut(
        ctx,
        ids.map((id) => resident.pdu(id)),
        forged,
        (row) => readPdu(rig, row),
      ),
    );
  return { resident, rig, daves, enter };
}

const memberOf = ({ store }: RoomRig, userId: UserId) => store.state.at('m.room.member', userId, store.stream.head());

test('a membership without its key is left out, and enters by a row of its own when the key is there', () => {
  const { resident, rig, daves, enter } = withoutDave();
  expect(memberOf(rig, dave)).toBeUndefined();
  expect(hasLeftOut(rig.store)).toBe(true);
  const head = rig.store.stream.head();
  // Life goes on meanwhile.
  const said = resident.pdu(resident.say(alice, 'hello').eventId);
  expect(rig.receive(said, 'one').kind).toBe('accepted');
  enter([daves]);
  expect(hasLeftOut(rig.store)).toBe(false);
  expect(memberOf(rig, dave)).toBe(daves);
  expect(rig.store.stream.range(head, head + 100, 100).at(-1)).toMatchObject({ kind: 'state', eventId: daves });
  const to = rig.store.stream.head();
  // A client that was told of the message first, and one that is told of both at once, which is then owed a correction.
  const later = readSync(rig.store, syncOf(bob, to - 1, to), rig.now);
  expect(later?.state.map((event) => event.event_id)).toEqual([daves]);
  expect(readSync(rig.store, syncOf(bob, head, to), rig.now)).toMatchObject({ owed: true });
  const corrected = readSync(rig.store, { ...syncOf(bob, to, to), owedFrom: head }, rig.now);
  expect(corrected?.state.map((event) => event.event_id)).toEqual([daves]);
});

test('who has entered late is heard, whatever their events are built on, and stays', () => {
  const { resident, rig, daves, enter } = withoutDave();
  const before = resident.pdu(resident.say(dave, 'built before the key came').eventId);
  enter([daves]);
  expect(rig.receive(before, 'three').kind).toBe('accepted');
  const after = resident.pdu(resident.say(alice, 'later').eventId);
  expect(rig.receive(after, 'one').kind).toBe('accepted');
  expect(memberOf(rig, dave)).toBe(daves);
});

test('who has left meanwhile does not come back by a late key', () => {
  const { resident, rig, daves, enter } = withoutDave();
  const kick = resident.pdu(resident.member(alice, dave, 'ban').eventId);
  expect(rig.receive(kick, 'one').kind).toBe('needs');
  enter([daves]);
  expect(rig.receive(kick, 'one').kind).toBe('accepted');
  expect(memberOf(rig, dave)).toBe(kick.eventId);
});

test('a membership that is found forged does not enter', () => {
  const { rig, daves, enter } = withoutDave();
  enter([], [daves]);
  expect(memberOf(rig, dave)).toBeUndefined();
  expect(hasLeftOut(rig.store)).toBe(false);
});

test('who comes back takes the state of the answer over: what is new, what is otherwise now and what is gone', () => {
  const resident = aRoom();
  const rig = joinedRig(resident, bob);
  const topic = (text: string) =>
    resident.send({ type: 'm.room.topic', stateKey: '', sender: alice, content: { topic: text } });
  const now = ({ store }: RoomRig) => store.state.allAt(store.stream.head());
  // It goes, and hears no more of what happens.
  const left = rig.member(bob, bob, 'leave');
  rig.store.meta.setLifecycle('left');
  resident.receive(rig.pdu(left.eventId), 'two');
  topic('while he was away');
  acceptJoin(resident, dave);
  const join = acceptJoin(resident, bob);
  // A key that only the copy that went has.
  rig.turn(({ store }) =>
    store.state.change('org.example.gone', '', 'gone' as EventId, store.stream.append({ kind: 'gap' }), undefined),
  );
  endJoin(rig, join, beginJoin(rig, join));
  expect(now(rig)).toEqual(now(resident));
  const joined = rig.store.state.membersAt('join', rig.store.stream.head()).map(({ userId }) => userId);
  expect(joined.toSorted()).toEqual([alice, bob, dave]);
  const rows = rig.store.stream.range(0, rig.store.stream.head(), 1000).filter((row) => row.kind === 'state');
  expect(rows.map(({ pos }) => pos)).toEqual([...new Set(rows.map(({ pos }) => pos))]);
  expect(
    rows.filter(({ type }) => type === 'org.example.gone').map(({ eventId, before }) => [eventId, before]),
  ).toEqual([[undefined, 'gone']]);
});
