import type { RoomBuilder } from '../../support/core/a-room.ts';
import { alice, bob, carol } from '../../support/core/a-user.ts';
import { deniedAt, testAuthCases } from '../../support/core/auth-cases.ts';

const invite = { '1-5': '5.3', '6-7': '4.3', '8-11': '4.4', '12': '5.4' };

const bobInvitesCarol = (room: RoomBuilder) => room.memberEvent(bob, carol, 'invite');

testAuthCases([
  {
    name: 'a member may invite by default',
    given: (room) => room.withJoined(bob),
    event: bobInvitesCarol,
    verdict: 'allowed',
  },
  {
    name: 'a member may invite without power levels',
    room: { powerLevels: null },
    given: (room) => room.withJoined(bob),
    event: bobInvitesCarol,
    verdict: 'allowed',
  },
  ...['invite', 'leave', 'ban', 'knock'].map((membership) => ({
    name: `a user whose membership is ${membership} cannot invite`,
    given: (room: RoomBuilder) => room.withMember(bob, membership),
    event: bobInvitesCarol,
    verdict: deniedAt(invite, '.2', 'sender-not-joined'),
  })),
  {
    name: 'a user cannot invite oneself',
    event: (room) => room.memberEvent(bob, bob, 'invite'),
    verdict: deniedAt(invite, '.2', 'sender-not-joined'),
  },
  {
    name: 'a member cannot be invited',
    given: (room) => room.withJoined(bob, carol),
    event: bobInvitesCarol,
    verdict: deniedAt(invite, '.3', 'already-member'),
  },
  {
    name: 'a banned user cannot be invited',
    given: (room) => room.withMember(carol, 'ban'),
    event: (room) => room.memberEvent(alice, carol, 'invite'),
    verdict: deniedAt(invite, '.3', 'banned'),
  },
  ...['invite', 'leave', 'knock'].map((membership) => ({
    name: `a user whose membership is ${membership} can be invited`,
    given: (room: RoomBuilder) => room.withJoined(bob).withMember(carol, membership),
    event: bobInvitesCarol,
    verdict: 'allowed',
  })),
  {
    name: 'just the invite level is enough to invite',
    given: (room) => room.withJoined(bob).withUserLevels({ [bob]: 20 }, { invite: 20 }),
    event: bobInvitesCarol,
    verdict: 'allowed',
  },
  {
    name: 'a member below the invite level cannot invite',
    given: (room) => room.withJoined(bob).withUserLevels({ [bob]: 19 }, { invite: 20 }),
    event: bobInvitesCarol,
    verdict: deniedAt(invite, '.5', 'insufficient-power'),
  },
  {
    name: 'the level of the event type does not bear on inviting',
    given: (room) => room.withJoined(bob).withUserLevels({}, { events: { 'm.room.member': 90 } }),
    event: bobInvitesCarol,
    verdict: 'allowed',
  },
]);
