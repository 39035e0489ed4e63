import type { EventId, UserId } from '../../../src/matrix/ids/brands.ts';
import type { RoomBuilder } from '../../support/core/a-room.ts';
import { alice, bob, carol } from '../../support/core/a-user.ts';
import { deniedAt, testAuthCases } from '../../support/core/auth-cases.ts';
import type { AuthCase } from '../../support/core/auth-cases.ts';

const join = { '1-5': '5.2', '6-7': '4.2', '8-11': '4.3', '12': '5.3' };
const otherwise = { '1-5': '5.2.6', '6-7': '4.2.6', '8-11': '4.3.7', '12': '5.3.7' };

const notOwn = deniedAt(join, '.2', 'not-own-membership');
const banned = deniedAt(join, '.3', 'banned');
const notInvited = deniedAt(otherwise, '', 'not-invited');
const byJoinRule = deniedAt(otherwise, '', 'join-rule');

const first = (room: RoomBuilder): RoomBuilder => room.at(1);
const bobJoins = (room: RoomBuilder) => room.joinOf(bob);
const inTheNameOf = (user: UserId) => (room: RoomBuilder) =>
  room.joinOf(bob, { join_authorised_via_users_server: user });

const firstJoins: readonly AuthCase[] = [
  {
    name: 'the creator joins right after the create event',
    given: first,
    event: (room) => room.joinOf(alice),
    verdict: 'allowed',
  },
  { name: 'nobody else joins right after the create event', given: first, event: bobJoins, verdict: notInvited },
  {
    name: 'the creator is who the create event names until the sender counts',
    room: { createContent: { creator: bob } },
    given: first,
    event: bobJoins,
    verdict: { '1-10': 'allowed', '11': '4.3.7 not-invited', '12': '5.3.7 not-invited' },
  },
  {
    name: 'the sender of the create event is not the creator while that names another',
    room: { createContent: { creator: bob } },
    given: first,
    event: (room) => room.joinOf(alice),
    verdict: {
      '1-5': '5.2.6 not-invited',
      '6-7': '4.2.6 not-invited',
      '8-10': '4.3.7 not-invited',
      '11-12': 'allowed',
    },
  },
  {
    name: 'an additional creator has to be invited',
    room: { createContent: { additional_creators: [bob] } },
    given: first,
    event: bobJoins,
    verdict: notInvited,
  },
  {
    name: 'the creator has no special right to join after another event',
    given: (room) => room.at(1).withState('m.room.topic', '', {}),
    event: (room) => room.joinOf(alice),
    verdict: notInvited,
  },
  {
    name: 'the creator has no special right to join after the create event and another',
    given: first,
    event: (room) =>
      room.event({
        type: 'm.room.member',
        sender: alice,
        stateKey: alice,
        content: { membership: 'join' },
        prevEvents: [room.create.eventId, '$other' as EventId],
      }),
    verdict: notInvited,
  },
];

const restricted = 'restricted';
const mixed = 'knock_restricted';
const noRestricted = { '1-5': '5.2.6 join-rule', '6-7': '4.2.6 join-rule' };
const notAuthorised = {
  ...noRestricted,
  '8-11': '4.3.5.2 join-not-authorised',
  '12': '5.3.5.2 join-not-authorised',
};
const restrictedAllows = { ...noRestricted, '8-12': 'allowed' };
const noMixed = { ...noRestricted, '8-9': '4.3.7 join-rule' };

const restrictedJoins: readonly AuthCase[] = [
  {
    name: 'a stranger cannot join a restricted room',
    room: { joinRule: restricted },
    event: bobJoins,
    verdict: notAuthorised,
  },
  {
    name: 'who left cannot come back into a restricted room',
    room: { joinRule: restricted },
    given: (room) => room.withMember(bob, 'leave'),
    event: bobJoins,
    verdict: notAuthorised,
  },
  ...['invite', 'join'].map((membership) => ({
    name: `a user whose membership is ${membership} may join a restricted room`,
    room: { joinRule: restricted },
    given: (room: RoomBuilder) => room.withMember(bob, membership),
    event: bobJoins,
    verdict: restrictedAllows,
  })),
  {
    name: 'a user may join a restricted room in the name of a member who may invite',
    room: { joinRule: restricted },
    given: (room) => room.withJoined(carol),
    event: inTheNameOf(carol),
    verdict: restrictedAllows,
  },
  {
    name: 'just the invite level is enough to let a user join',
    room: { joinRule: restricted },
    given: (room) => room.withJoined(carol).withUserLevels({ [carol]: 30 }, { invite: 30 }),
    event: inTheNameOf(carol),
    verdict: restrictedAllows,
  },
  {
    name: 'a user cannot join a restricted room in the name of a member who may not invite',
    room: { joinRule: restricted },
    given: (room) => room.withJoined(carol).withUserLevels({ [carol]: 29 }, { invite: 30 }),
    event: inTheNameOf(carol),
    verdict: notAuthorised,
  },
  ...['invite', 'leave', 'ban', 'knock'].map((membership) => ({
    name: `a user cannot join a restricted room in the name of a user whose membership is ${membership}`,
    room: { joinRule: restricted },
    given: (room: RoomBuilder) => room.withMember(carol, membership),
    event: inTheNameOf(carol),
    verdict: notAuthorised,
  })),
  {
    name: 'a user cannot join a restricted room in the own name',
    room: { joinRule: restricted },
    event: inTheNameOf(bob),
    verdict: notAuthorised,
  },
  {
    name: 'a banned user cannot join a restricted room in anybody’s name',
    room: { joinRule: restricted },
    given: (room) => room.withMember(bob, 'ban'),
    event: inTheNameOf(alice),
    verdict: banned,
  },
  {
    name: 'a stranger cannot join a room with knocking and restrictions',
    room: { joinRule: mixed },
    event: bobJoins,
    verdict: { ...noMixed, '10-11': '4.3.5.2 join-not-authorised', '12': '5.3.5.2 join-not-authorised' },
  },
  {
    name: 'an invited user may join a room with knocking and restrictions',
    room: { joinRule: mixed },
    given: (room) => room.withMember(bob, 'invite'),
    event: bobJoins,
    verdict: { ...noMixed, '10-12': 'allowed' },
  },
  {
    name: 'a user may join a room with knocking and restrictions in the name of a member',
    room: { joinRule: mixed },
    event: inTheNameOf(alice),
    verdict: { ...noMixed, '10-12': 'allowed' },
  },
];

const otherJoins: readonly AuthCase[] = [
  { name: 'anybody may join a public room', room: { joinRule: 'public' }, event: bobJoins, verdict: 'allowed' },
  {
    name: 'nobody is made a member of a public room by another',
    room: { joinRule: 'public' },
    event: (room) => room.memberEvent(alice, bob, 'join'),
    verdict: notOwn,
  },
  {
    name: 'a banned user cannot join a public room',
    room: { joinRule: 'public' },
    given: (room) => room.withMember(bob, 'ban'),
    event: bobJoins,
    verdict: banned,
  },
  { name: 'a stranger cannot join a room for invited users', event: bobJoins, verdict: notInvited },
  {
    name: 'who left cannot come back into a room for invited users',
    given: (room) => room.withMember(bob, 'leave'),
    event: bobJoins,
    verdict: notInvited,
  },
  ...['invite', 'join'].map((membership) => ({
    name: `a user whose membership is ${membership} may join a room for invited users`,
    given: (room: RoomBuilder) => room.withMember(bob, membership),
    event: bobJoins,
    verdict: 'allowed',
  })),
  {
    name: 'a room without join rules is for invited users',
    room: { joinRule: null },
    event: bobJoins,
    verdict: notInvited,
  },
  {
    name: 'an invited user may join a room without join rules',
    room: { joinRule: null },
    given: (room) => room.withMember(bob, 'invite'),
    event: bobJoins,
    verdict: 'allowed',
  },
  {
    name: 'an invited user may join a room for knocking users where there is knocking',
    room: { joinRule: 'knock' },
    given: (room) => room.withMember(bob, 'invite'),
    event: bobJoins,
    verdict: { '1-5': '5.2.6 join-rule', '6': '4.2.6 join-rule', '7-12': 'allowed' },
  },
  {
    name: 'a user who has knocked cannot just join',
    room: { joinRule: 'knock' },
    given: (room) => room.withMember(bob, 'knock'),
    event: bobJoins,
    verdict: {
      '1-5': '5.2.6 join-rule',
      '6': '4.2.6 join-rule',
      '7': '4.2.6 not-invited',
      '8-11': '4.3.7 not-invited',
      '12': '5.3.7 not-invited',
    },
  },
  ...['private', 'perch', ''].map((joinRule) => ({
    name: `not even an invited user may join under the join rule "${joinRule}"`,
    room: { joinRule },
    given: (room: RoomBuilder) => room.withMember(bob, 'invite'),
    event: bobJoins,
    verdict: byJoinRule,
  })),
  {
    name: 'not even an invited user may join under a join rule that is no string',
    given: (room) => room.withMember(bob, 'invite').withState('m.room.join_rules', '', { join_rule: ['public'] }),
    event: bobJoins,
    verdict: byJoinRule,
  },
];

testAuthCases([...firstJoins, ...otherJoins, ...restrictedJoins]);
