import type { RoomBuilder } from '../../support/core/a-room.ts';
import { alice, bob } from '../../support/core/a-user.ts';
import { deniedAt, testAuthCases } from '../../support/core/auth-cases.ts';

const knock = { '7': '4.6', '8-11': '4.7', '12': '5.7' };
const noKnocking = { '1-5': '5.6 unknown-membership', '6': '4.6 unknown-membership' };

const byJoinRule = { ...noKnocking, ...deniedAt(knock, '.1', 'join-rule') };

const bobKnocks = (room: RoomBuilder) => room.memberEvent(bob, bob, 'knock');
const forKnocking = { joinRule: 'knock' };

testAuthCases([
  { name: 'a stranger may knock', room: forKnocking, event: bobKnocks, verdict: { ...noKnocking, '7-12': 'allowed' } },
  ...['leave', 'knock'].map((membership) => ({
    name: `a user whose membership is ${membership} may knock`,
    room: forKnocking,
    given: (room: RoomBuilder) => room.withMember(bob, membership),
    event: bobKnocks,
    verdict: { ...noKnocking, '7-12': 'allowed' },
  })),
  ...['public', 'invite', 'restricted', 'private'].map((joinRule) => ({
    name: `nobody may knock under the join rule ${joinRule}`,
    room: { joinRule },
    event: bobKnocks,
    verdict: byJoinRule,
  })),
  { name: 'nobody may knock without join rules', room: { joinRule: null }, event: bobKnocks, verdict: byJoinRule },
  {
    name: 'a stranger may knock at a restricted room where the two go together',
    room: { joinRule: 'knock_restricted' },
    event: bobKnocks,
    verdict: { ...noKnocking, '7': '4.6.1 join-rule', '8-9': '4.7.1 join-rule', '10-12': 'allowed' },
  },
  {
    name: 'nobody knocks for another',
    room: forKnocking,
    event: (room) => room.memberEvent(alice, bob, 'knock'),
    verdict: { ...noKnocking, ...deniedAt(knock, '.2', 'not-own-membership') },
  },
  {
    name: 'a banned user cannot knock',
    room: forKnocking,
    given: (room) => room.withMember(bob, 'ban'),
    event: bobKnocks,
    verdict: { ...noKnocking, ...deniedAt(knock, '.4', 'banned') },
  },
  ...['invite', 'join'].map((membership) => ({
    name: `a user whose membership is ${membership} cannot knock`,
    room: forKnocking,
    given: (room: RoomBuilder) => room.withMember(bob, membership),
    event: bobKnocks,
    verdict: { ...noKnocking, ...deniedAt(knock, '.4', 'already-member') },
  })),
]);
