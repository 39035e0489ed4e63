import { describe, expect, test } from 'vitest';
import { allowedRooms, isRestricted, mayAuthoriseJoin } from '../../../src/matrix/auth/restricted-join.ts';
import { supportedRoomVersions } from '../../../src/matrix/room-versions/versions.ts';
import { aRoom } from '../../support/core/a-room.ts';
import { alice, bob, carol } from '../../support/core/a-user.ts';
import { ofVersion } from '../../support/core/auth-cases.ts';

const membersOf = (roomId: unknown) => ({ type: 'm.room_membership', room_id: roomId as string });

describe.each(supportedRoomVersions)('in version %s', (version) => {
  test('joins are restricted by the join rules that the version knows', () => {
    const restricted = (joinRule: string) => {
      const { rules, state } = aRoom({ version, joinRule });
      return isRestricted(rules, state);
    };
    expect(restricted('restricted')).toBe(ofVersion({ '1-7': false, '8-12': true }, version));
    expect(restricted('knock_restricted')).toBe(ofVersion({ '1-9': false, '10-12': true }, version));
    expect(['public', 'invite', 'knock', 'perch'].map(restricted)).toEqual([false, false, false, false]);
  });

  test('the rooms whose members may join are those of the conditions', () => {
    const { rules, state } = aRoom({ version }).withJoinRule('restricted', {
      allow: [membersOf('!space:two.test'), membersOf('!hash'), membersOf('!space:two.test')],
    });
    expect(allowedRooms(rules, state)).toEqual(ofVersion({ '1-7': [], '8-12': ['!space:two.test', '!hash'] }, version));
  });
});

describe('in the newest version', () => {
  test('conditions that are not understood are passed over', () => {
    const { rules, state } = aRoom({ version: '12' }).withJoinRule('restricted', {
      allow: [
        null,
        '!a:b.test',
        membersOf(5),
        membersOf('#alias:one.test'),
        { type: 'test.feathers', room_id: '!a:b.test' },
        { room_id: '!a:b.test' },
        membersOf('!good:one.test'),
      ],
    });
    expect(allowedRooms(rules, state)).toEqual(['!good:one.test']);
  });

  test('no room is allowed by conditions that are no list, or in a room that is not restricted', () => {
    const room = aRoom({ version: '12' });
    const noList = room.withJoinRule('restricted', { allow: membersOf('!a:b.test') });
    const open = room.withJoinRule('public', { allow: [membersOf('!a:b.test')] });
    expect(allowedRooms(noList.rules, noList.state)).toEqual([]);
    expect(allowedRooms(open.rules, open.state)).toEqual([]);
  });

  test('a member who may invite may authorise joins', () => {
    const { rules, state } = aRoom({ version: '12', joinRule: 'restricted' })
      .withJoined(bob)
      .withMember(carol, 'invite')
      .withUserLevels({ [bob]: 9, [carol]: 50 }, { invite: 10 });
    expect([alice, bob, carol].map((user) => mayAuthoriseJoin(rules, state, user))).toEqual([true, false, false]);
  });
});
