import type { RoomBuilder } from '../../support/core/a-room.ts';
import { alice, bob } from '../../support/core/a-user.ts';
import { deniedAt, testAuthCases } from '../../support/core/auth-cases.ts';

const member = { '1-5': '5', '6-11': '4', '12': '5' };
const unknown = { '1-5': '5.6', '6': '4.6', '7': '4.7', '8-11': '4.8', '12': '5.8' };
const noAuthoriser = {
  '1-7': 'allowed',
  '8-11': '4.2.1 no-authorising-server',
  '12': '5.2.1 no-authorising-server',
};
const open = { joinRule: 'public' };

testAuthCases([
  {
    name: 'a membership without a state key is denied',
    event: (room) => room.event({ type: 'm.room.member', sender: alice, content: { membership: 'join' } }),
    verdict: deniedAt(member, '.1', 'no-state-key'),
  },
  {
    name: 'a member event without a membership is denied',
    event: (room) => room.event({ type: 'm.room.member', sender: alice, stateKey: alice, content: {} }),
    verdict: deniedAt(member, '.1', 'no-membership'),
  },
  {
    name: 'an unknown membership is denied',
    event: (room) => room.memberEvent(alice, alice, 'perch'),
    verdict: deniedAt(unknown, '', 'unknown-membership'),
  },
  {
    name: 'a membership that is no string is denied',
    event: (room) => room.event({ type: 'm.room.member', sender: alice, stateKey: alice, content: { membership: 1 } }),
    verdict: deniedAt(unknown, '', 'unknown-membership'),
  },
  {
    name: 'knocking is an unknown membership until there is knocking',
    room: { joinRule: 'knock' },
    event: (room) => room.memberEvent(bob, bob, 'knock'),
    verdict: { '1-5': '5.6 unknown-membership', '6': '4.6 unknown-membership', '7-12': 'allowed' },
  },
  ...[5, null, 'bob', '@bob', '#room:one.test'].map((value) => ({
    name: `a join in the name of ${JSON.stringify(value)} is denied where joins may be in the name of a user`,
    room: open,
    event: (room: RoomBuilder) => room.joinOf(bob, { join_authorised_via_users_server: value }),
    verdict: noAuthoriser,
  })),
  {
    name: 'the rule on authorised joins holds for every membership',
    event: (room) => room.memberEvent(alice, alice, 'leave', { join_authorised_via_users_server: 'nobody' }),
    verdict: noAuthoriser,
  },
  {
    name: 'a join of an open room in the name of a user is allowed',
    room: open,
    event: (room) => room.joinOf(bob, { join_authorised_via_users_server: alice }),
    verdict: 'allowed',
  },
]);
