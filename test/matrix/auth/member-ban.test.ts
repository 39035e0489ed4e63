import type { RoomBuilder } from '../../support/core/a-room.ts';
import { alice, bob, carol } from '../../support/core/a-user.ts';
import { deniedAt, testAuthCases } from '../../support/core/auth-cases.ts';

const ban = { '1-5': '5.5', '6-7': '4.5', '8-11': '4.6', '12': '5.6' };

const tooLow = deniedAt(ban, '.3', 'insufficient-power');

const bobBansCarol = (room: RoomBuilder) => room.memberEvent(bob, carol, 'ban');

testAuthCases([
  ...['invite', 'leave', 'ban', 'knock'].map((membership) => ({
    name: `a user whose membership is ${membership} cannot ban`,
    given: (room: RoomBuilder) => room.withMember(bob, membership).withUserLevels({ [bob]: 90 }),
    event: bobBansCarol,
    verdict: deniedAt(ban, '.1', 'sender-not-joined'),
  })),
  ...['invite', 'join', 'leave', 'ban', 'knock'].map((membership) => ({
    name: `a user whose membership is ${membership} can be banned`,
    given: (room: RoomBuilder) => room.withMember(carol, membership),
    event: (room: RoomBuilder) => room.memberEvent(alice, carol, 'ban'),
    verdict: 'allowed',
  })),
  { name: 'a stranger can be banned', event: (room) => room.memberEvent(alice, carol, 'ban'), verdict: 'allowed' },
  {
    name: 'just the ban level bans a user below it',
    given: (room) => room.withJoined(bob).withUserLevels({ [bob]: 50, [carol]: 49 }),
    event: bobBansCarol,
    verdict: 'allowed',
  },
  {
    name: 'a member below the ban level bans nobody',
    given: (room) => room.withJoined(bob).withUserLevels({ [bob]: 49 }),
    event: bobBansCarol,
    verdict: tooLow,
  },
  {
    name: 'a user of equal level cannot be banned',
    given: (room) => room.withJoined(bob).withUserLevels({ [bob]: 50, [carol]: 50 }),
    event: bobBansCarol,
    verdict: tooLow,
  },
  {
    name: 'nobody can ban oneself',
    event: (room) => room.memberEvent(alice, alice, 'ban'),
    verdict: tooLow,
  },
  {
    name: 'no level bans a creator where creators stand above levels',
    given: (room) => room.withJoined(bob).withUserLevels({ [bob]: 9_000 }),
    event: (room) => room.memberEvent(bob, alice, 'ban'),
    verdict: { '1-11': 'allowed', '12': '5.6.3 insufficient-power' },
  },
]);
