import { describe, expect, test } from 'vitest';
import { mayServerSee, mayUserSee, readHistoryVisibility } from '../../../src/matrix/visibility/history-visibility.ts';
import type { HistoryVisibility, Membership, UserSight } from '../../../src/matrix/visibility/history-visibility.ts';

const sight = (before: Membership, joinedLater = false): UserSight => ({ membership: { before }, joinedLater });

describe('a user', () => {
  const cases: readonly [HistoryVisibility, Membership, boolean, boolean][] = [
    // visibility, membership at the event, joined later, may see
    ['world_readable', 'leave', false, true],
    ['world_readable', 'ban', false, true],
    ['shared', 'join', false, true],
    ['shared', 'leave', true, true],
    ['shared', 'invite', true, true],
    ['shared', 'invite', false, false],
    ['shared', 'leave', false, false],
    ['shared', 'knock', false, false],
    ['shared', 'ban', false, false],
    ['invited', 'join', false, true],
    ['invited', 'invite', false, true],
    ['invited', 'invite', true, true],
    ['invited', 'leave', true, false],
    ['invited', 'knock', true, false],
    ['joined', 'join', false, true],
    ['joined', 'invite', true, false],
    ['joined', 'leave', true, false],
    ['joined', 'ban', false, false],
  ];
  test.each(cases)('%s, membership %s, joined later %s: %s', (visibility, membership, joinedLater, expected) => {
    expect(mayUserSee({ before: visibility }, sight(membership, joinedLater))).toBe(expected);
  });

  test.each([
    ['world_readable', 'joined'],
    ['joined', 'world_readable'],
  ] as const)('outside the room sees the change from %s to %s', (before, after) => {
    expect(mayUserSee({ before, after }, sight('leave'))).toBe(true);
  });

  test('does not see a change between two settings that both hide it', () => {
    expect(mayUserSee({ before: 'joined', after: 'invited' }, sight('leave'))).toBe(false);
  });

  test.each([
    ['leave', 'join'],
    ['join', 'leave'],
    ['join', 'ban'],
  ] as const)('sees their own change from %s to %s even under joined', (before, after) => {
    expect(mayUserSee({ before: 'joined' }, { membership: { before, after }, joinedLater: false })).toBe(true);
  });

  test('does not see their own invite under joined', () => {
    const invited: UserSight = { membership: { before: 'leave', after: 'invite' }, joinedLater: false };
    expect(mayUserSee({ before: 'joined' }, invited)).toBe(false);
    expect(mayUserSee({ before: 'invited' }, invited)).toBe(true);
  });
});

describe('a server', () => {
  test('sees what any of its users may see', () => {
    expect(mayServerSee({ before: 'joined' }, [sight('leave', true), sight('join')])).toBe(true);
    expect(mayServerSee({ before: 'joined' }, [sight('leave', true), sight('invite')])).toBe(false);
  });

  test('without users in the room sees only what is for everybody', () => {
    expect(mayServerSee({ before: 'world_readable' }, [])).toBe(true);
    expect(mayServerSee({ before: 'shared' }, [])).toBe(false);
  });
});

test.each([
  [undefined, 'shared'],
  [{}, 'shared'],
  [{ history_visibility: 'everyone' }, 'shared'],
  [{ history_visibility: 1 }, 'shared'],
  [{ history_visibility: 'world_readable' }, 'world_readable'],
  [{ history_visibility: 'invited' }, 'invited'],
  [{ history_visibility: 'joined' }, 'joined'],
] as const)('%j is read as %s', (content, expected) => {
  expect(readHistoryVisibility(content)).toBe(expected);
});
