import type { RoomBuilder } from '../../support/core/a-room.ts';
import { alice, bob, carol } from '../../support/core/a-user.ts';
import { deniedAt, testAuthCases } from '../../support/core/auth-cases.ts';

const leave = { '1-5': '5.4', '6-7': '4.4', '8-11': '4.5', '12': '5.5' };

const notAMember = deniedAt(leave, '.1', 'not-a-member');
const tooLow = deniedAt(leave, '.5', 'insufficient-power');

const bobLeaves = (room: RoomBuilder) => room.memberEvent(bob, bob, 'leave');
const bobRemovesCarol = (room: RoomBuilder) => room.memberEvent(bob, carol, 'leave');

testAuthCases([
  ...['invite', 'join'].map((membership) => ({
    name: `a user whose membership is ${membership} may leave`,
    given: (room: RoomBuilder) => room.withMember(bob, membership),
    event: bobLeaves,
    verdict: 'allowed',
  })),
  {
    name: 'a knock may be taken back where there is knocking',
    given: (room) => room.withMember(bob, 'knock'),
    event: bobLeaves,
    verdict: { '1-5': '5.4.1 not-a-member', '6': '4.4.1 not-a-member', '7-12': 'allowed' },
  },
  { name: 'a stranger cannot leave', event: bobLeaves, verdict: notAMember },
  {
    name: 'who left cannot leave again',
    given: (room) => room.withMember(bob, 'leave'),
    event: bobLeaves,
    verdict: notAMember,
  },
  {
    name: 'a banned user cannot lift the own ban',
    given: (room) => room.withMember(bob, 'ban').withUserLevels({ [bob]: 100 }),
    event: bobLeaves,
    verdict: deniedAt(leave, '.1', 'banned'),
  },

  ...['invite', 'leave', 'ban', 'knock'].map((membership) => ({
    name: `a user whose membership is ${membership} cannot remove a member`,
    given: (room: RoomBuilder) =>
      room
        .withMember(bob, membership)
        .withJoined(carol)
        .withUserLevels({ [bob]: 90 }),
    event: bobRemovesCarol,
    verdict: deniedAt(leave, '.2', 'sender-not-joined'),
  })),
  {
    name: 'just the kick level removes a member below it',
    given: (room) => room.withJoined(bob, carol).withUserLevels({ [bob]: 50, [carol]: 49 }),
    event: bobRemovesCarol,
    verdict: 'allowed',
  },
  {
    name: 'a member below the kick level removes nobody',
    given: (room) => room.withJoined(bob, carol).withUserLevels({ [bob]: 49 }),
    event: bobRemovesCarol,
    verdict: tooLow,
  },
  {
    name: 'a member of equal level cannot be removed',
    given: (room) => room.withJoined(bob, carol).withUserLevels({ [bob]: 50, [carol]: 50 }),
    event: bobRemovesCarol,
    verdict: tooLow,
  },
  {
    name: 'a member of higher level cannot be removed',
    given: (room) => room.withJoined(bob, carol).withUserLevels({ [bob]: 50, [carol]: 51 }),
    event: bobRemovesCarol,
    verdict: tooLow,
  },
  {
    name: 'the kick level is what the room says',
    given: (room) => room.withJoined(bob, carol).withUserLevels({ [bob]: 10 }, { kick: 10 }),
    event: bobRemovesCarol,
    verdict: 'allowed',
  },
  {
    name: 'an invitation is taken back by whoever may kick',
    given: (room) => room.withMember(carol, 'invite'),
    event: (room) => room.memberEvent(alice, carol, 'leave'),
    verdict: 'allowed',
  },
  {
    name: 'no level removes a creator where creators stand above levels',
    given: (room) => room.withJoined(bob).withUserLevels({ [bob]: 9_000 }),
    event: (room) => room.memberEvent(bob, alice, 'leave'),
    verdict: { '1-11': 'allowed', '12': '5.5.5 insufficient-power' },
  },
  {
    name: 'a creator cannot remove another creator where creators stand above levels',
    room: { createContent: { additional_creators: [bob] } },
    given: (room) => room.withJoined(bob),
    event: (room) => room.memberEvent(alice, bob, 'leave'),
    verdict: { '1-11': 'allowed', '12': '5.5.5 insufficient-power' },
  },

  {
    name: 'a ban is lifted with the kick and the ban level',
    given: (room) =>
      room
        .withMember(carol, 'ban')
        .withJoined(bob)
        .withUserLevels({ [bob]: 60 }, { ban: 60, kick: 60 }),
    event: bobRemovesCarol,
    verdict: 'allowed',
  },
  {
    name: 'a ban is not lifted below the ban level',
    given: (room) =>
      room
        .withMember(carol, 'ban')
        .withJoined(bob)
        .withUserLevels({ [bob]: 60 }, { ban: 61, kick: 0 }),
    event: bobRemovesCarol,
    verdict: deniedAt(leave, '.3', 'cannot-unban'),
  },
  {
    name: 'a ban is not lifted below the kick level',
    given: (room) =>
      room
        .withMember(carol, 'ban')
        .withJoined(bob)
        .withUserLevels({ [bob]: 60 }, { ban: 0, kick: 61 }),
    event: bobRemovesCarol,
    verdict: tooLow,
  },
  {
    name: 'the ban of a user of equal level is not lifted',
    given: (room) =>
      room
        .withMember(carol, 'ban')
        .withJoined(bob)
        .withUserLevels({ [bob]: 60, [carol]: 60 }),
    event: bobRemovesCarol,
    verdict: tooLow,
  },
]);
