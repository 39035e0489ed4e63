import { expect, test } from 'vitest';

import { redactPdu } from '../../../src/matrix/event/redact.ts';
import type { Pdu } from '../../../src/matrix/event/pdu.ts';
import type { ServerName, UserId } from '../../../src/matrix/ids/brands.ts';
import { decide } from '../../../src/room/decide/decide.ts';
import { storeOutliers } from '../../../src/room/join/join-events.ts';
import { readSync } from '../../../src/room/read/read-sync.ts';
import { joinedRig } from '../../support/simulator/join-rig.ts';
import { RoomRig } from '../../support/simulator/room-rig.ts';
import { signPdu } from '../../support/simulator/sign-pdu.ts';

const alice = '@alice:one' as UserId;
const bob = '@bob:two' as UserId;
const carol = '@carol:three' as UserId;

/**
 * A room of version 8, where a redacted copy of a restricted join lacks what lets the user in: a resident that has all
 * of it, and a server that Bob joined from.
 */
function aRestrictedRoom() {
  const resident = new RoomRig('one');
  resident.create('8', alice, [
    { type: 'm.room.member', stateKey: alice, content: { membership: 'join' } },
    { type: 'm.room.power_levels', stateKey: '', content: { users: { [alice]: 100 }, state_default: 0 } },
    { type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'public' } },
  ]);
  const rig = joinedRig(resident, bob);
  const allow = [{ type: 'm.room_membership', room_id: '!other:one' }];
  const content = { join_rule: 'restricted', allow };
  const restricted = resident.send({ type: 'm.room.join_rules', sender: alice, stateKey: '', content });
  rig.receive(resident.pdu(restricted.eventId), 'one');
  const join = signPdu(resident, {
    type: 'm.room.member',
    sender: carol,
    stateKey: carol,
    content: { membership: 'join', join_authorised_via_users_server: alice },
  });
  expect(resident.receive(join, 'three').kind).toBe('accepted');
  return { resident, rig, join };
}

const receiveRedacted = (rig: RoomRig, pdu: Pdu) =>
  rig.turn((ctx) => decide(ctx, { pdu: redactPdu(ctx.rules, pdu), origin: 'three' as ServerName, provisional: true }));

const stateOf = ({ store }: RoomRig) => new Map(store.state.allAt(store.stream.head()));

test('what was rejected for a redacted auth event is accepted when the intact copy comes', () => {
  const { resident, rig, join } = aRestrictedRoom();
  const topic = signPdu(resident, { type: 'm.room.topic', sender: carol, stateKey: '', content: { topic: 'hers' } });
  resident.receive(topic, 'three');
  const again = signPdu(resident, { type: 'm.room.name', sender: carol, stateKey: '', content: { name: 'hers' } });
  resident.receive(again, 'three');
  const before = rig.store.stream.head();
  expect(receiveRedacted(rig, join).kind).toBe('rejected');
  expect([topic, again].map((pdu) => rig.receive(pdu, 'three').kind)).toEqual(['rejected', 'rejected']);
  expect(rig.store.state.membersAt('join', rig.store.stream.head()).map(({ userId }) => userId)).not.toContain(carol);
  expect(rig.receive(join, 'three').kind).toBe('accepted');
  expect([topic, again].map(({ eventId }) => rig.store.events.get(eventId)?.status)).toEqual(['accepted', 'accepted']);
  expect(stateOf(rig)).toEqual(stateOf(resident));
  expect(rig.store.extremities.forward()).toEqual([again.eventId]);
  const query = { timelineFilter: {}, stateFilter: {}, lazyLoadMembers: false, fullState: false, ignoredUsers: [] };
  const to = rig.store.stream.head();
  const sync = readSync(rig.store, { ...query, userId: bob, scope: 'd', from: before, to, timelineLimit: 10 }, rig.now);
  expect(sync?.timeline.map(({ event_id: id }) => id)).toEqual([join.eventId, topic.eventId, again.eventId]);
});

test('what others built on meanwhile ends in the same state', () => {
  const { resident, rig, join } = aRestrictedRoom();
  const topic = signPdu(resident, { type: 'm.room.topic', sender: carol, stateKey: '', content: { topic: 'hers' } });
  resident.receive(topic, 'three');
  const built = ['one', 'two'].map((body) => resident.pdu(resident.say(alice, body).eventId));
  expect(receiveRedacted(rig, join).kind).toBe('rejected');
  for (const pdu of [topic, ...built]) rig.receive(pdu, 'one');
  expect(rig.store.events.get(topic.eventId)?.status).toBe('rejected');
  expect(rig.store.extremities.forward()).toEqual([built[1]?.eventId]);
  rig.receive(join, 'three');
  expect(stateOf(rig)).toEqual(stateOf(resident));
  expect(rig.store.extremities.forward()).toEqual([built[1]?.eventId]);
  const next = resident.pdu(resident.say(alice, 'three').eventId);
  expect(rig.receive(next, 'one').kind).toBe('accepted');
  expect(stateOf(rig)).toEqual(stateOf(resident));
});

test('an outlier that was rejected with its auth event is one again', () => {
  const { resident, rig, join } = aRestrictedRoom();
  const name = { displayname: 'Carol', membership: 'join', join_authorised_via_users_server: alice };
  const renamed = signPdu(resident, { type: 'm.room.member', sender: carol, stateKey: carol, content: name });
  expect(resident.receive(renamed, 'three').kind).toBe('accepted');
  expect(receiveRedacted(rig, join).kind).toBe('rejected');
  rig.turn((ctx) => storeOutliers(ctx, [renamed]));
  expect(rig.store.events.get(renamed.eventId)?.status).toBe('rejected');
  rig.receive(join, 'three');
  expect(rig.store.events.get(renamed.eventId)?.status).toBe('outlier');
});
