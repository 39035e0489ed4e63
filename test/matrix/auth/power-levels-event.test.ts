import { SourceNumber } from '../../../src/matrix/json/json-value.ts';
import type { JsonObject, JsonValue } from '../../../src/matrix/json/json-value.ts';
import type { RoomBuilder } from '../../support/core/a-room.ts';
import { alice, bob, carol, eve } from '../../support/core/a-user.ts';
import { deniedAt, testAuthCases } from '../../support/core/auth-cases.ts';
import type { AuthCase } from '../../support/core/auth-cases.ts';

const users = { '1-5': '10.1', '6-9': '9.1', '10-11': '9.3', '12': '10.3' };
const levelChanged = { '1-5': '10.3', '6-9': '9.3', '10-11': '9.5', '12': '10.6' };
const entryRemoved = { '1-5': '10.4.1', '6-9': '9.4.1', '10-11': '9.6.1', '12': '10.7.1' };
const entryAdded = { '1-5': '10.5.1', '6-9': '9.5.1', '10-11': '9.7.1', '12': '10.8.1' };
const userRemoved = { '1-5': '10.6.1', '6-9': '9.6.1', '10-11': '9.8.1', '12': '10.9.1' };
const userAdded = { '1-5': '10.7.1', '6-9': '9.7.1', '10-11': '9.9.1', '12': '10.10.1' };

const levelAbove = deniedAt(levelChanged, '.1', 'level-above-sender');
const levelRaised = deniedAt(levelChanged, '.2', 'level-raised-above-sender');
const entryAbove = deniedAt(entryRemoved, '', 'level-above-sender');
const entryRaised = deniedAt(entryAdded, '', 'level-raised-above-sender');
const userNotBelow = deniedAt(userRemoved, '', 'user-not-below-sender');
const userRaised = deniedAt(userAdded, '', 'level-raised-above-sender');
const badUsers = deniedAt(users, '', 'bad-users');

const levelKeys = ['users_default', 'events_default', 'state_default', 'ban', 'redact', 'kick', 'invite'];

/** The levels of a room in which Bob, at 60, may set power levels, and what he makes of them. */
function change(name: string, before: JsonObject, after: JsonObject, verdict: AuthCase['verdict']): AuthCase {
  const withUsers = (room: RoomBuilder, content: JsonObject): JsonObject => ({
    ...content,
    users: { ...room.creatorLevel, [bob]: 60, ...(content.users as JsonObject | undefined) },
  });
  return {
    name,
    given: (room) => room.withJoined(bob).withPowerLevels(withUsers(room, before)),
    event: (room) => room.powerLevelsBy(bob, withUsers(room, after)),
    verdict,
  };
}

const changes: readonly AuthCase[] = levelKeys.flatMap((key) => [
  change(`${key} may be added up to the own level`, {}, { [key]: 60 }, 'allowed'),
  change(`${key} cannot be added above the own level`, {}, { [key]: 61 }, levelRaised),
  change(`${key} may be changed up to the own level`, { [key]: 55 }, { [key]: 60 }, 'allowed'),
  change(`${key} cannot be raised above the own level`, { [key]: 55 }, { [key]: 61 }, levelRaised),
  change(`${key} may be removed`, { [key]: 50 }, {}, 'allowed'),
  change(`${key} at the own level may be lowered`, { [key]: 60 }, { [key]: 59 }, 'allowed'),
  change(`${key} at the own level may be removed`, { [key]: 60 }, {}, 'allowed'),
  change(`${key} may stay as it is`, { [key]: 60 }, { [key]: 60 }, 'allowed'),
]);

/** Levels above Bob's do not keep him from setting power levels, except `state_default`, which is left out here. */
const above: readonly AuthCase[] = levelKeys
  .filter((key) => key !== 'state_default')
  .flatMap((key) => {
    const level = key === 'users_default' ? 70 : 61;
    return [
      change(`${key} above the own level cannot be lowered`, { [key]: level }, { [key]: 0 }, levelAbove),
      change(`${key} above the own level cannot be removed`, { [key]: level }, {}, levelAbove),
      change(`${key} above the own level may stay`, { [key]: level }, { [key]: level }, 'allowed'),
    ];
  });

const untilNotificationsCount = { '1-5': 'allowed' };

const entries: readonly AuthCase[] = ['events', 'notifications'].flatMap((property) => {
  const of = (entry: JsonObject) => ({ [property]: entry });
  const counts = (verdict: Readonly<Record<string, string>>) =>
    property === 'events' ? verdict : { ...verdict, ...untilNotificationsCount };
  return [
    change(`an entry of ${property} may be added`, {}, of({ 'test.nest': 60 }), 'allowed'),
    change(`no entry of ${property} can be added above`, {}, of({ 'test.nest': 61 }), counts(entryRaised)),
    change(`no entry of ${property} can be raised above`, of({ a: 5 }), of({ a: 61 }), counts(entryRaised)),
    change(`an entry of ${property} at the own level may be lowered`, of({ a: 60 }), of({ a: 59 }), 'allowed'),
    change(`an entry of ${property} at the own level may be removed`, of({ a: 60 }), of({}), 'allowed'),
    change(`no entry of ${property} above can be lowered`, of({ a: 61 }), of({ a: 60 }), counts(entryAbove)),
    change(`no entry of ${property} above can be removed`, of({ a: 61 }), of({}), counts(entryAbove)),
    change(`${property} with an entry above cannot be removed`, of({ a: 61 }), {}, counts(entryAbove)),
    change(`an entry of ${property} above may stay`, of({ a: 61 }), of({ a: 61, b: 1 }), 'allowed'),
    change(
      `an entry of ${property} may be named like anything`,
      {},
      of({ constructor: 1, ['__proto__']: 1 }),
      'allowed',
    ),
  ];
});

const userChanges: readonly AuthCase[] = [
  change('a user may be added up to the own level', {}, { users: { [carol]: 60 } }, 'allowed'),
  change('no user can be added above the own level', {}, { users: { [carol]: 61 } }, userRaised),
  change(
    'a user below may be raised to the own level',
    { users: { [carol]: 59 } },
    { users: { [carol]: 60 } },
    'allowed',
  ),
  change(
    'no user can be raised above the own level',
    { users: { [carol]: 5 } },
    { users: { [carol]: 61 } },
    userRaised,
  ),
  change('a user below may be removed', { users: { [carol]: 59 } }, {}, 'allowed'),
  change(
    'a user of equal level cannot be lowered',
    { users: { [carol]: 60 } },
    { users: { [carol]: 59 } },
    userNotBelow,
  ),
  change(
    'a user of equal level cannot be raised',
    { users: { [carol]: 60 } },
    { users: { [carol]: 61 } },
    userNotBelow,
  ),
  change('a user of equal level cannot be removed', { users: { [carol]: 60 } }, {}, userNotBelow),
  change('a user of higher level cannot be lowered', { users: { [eve]: 70 } }, { users: { [eve]: 0 } }, userNotBelow),
  change('a user of equal level may stay', { users: { [carol]: 60 } }, { users: { [carol]: 60, [eve]: 1 } }, 'allowed'),
  change('the own level may be lowered', {}, { users: { [bob]: 0 } }, 'allowed'),
  change('the own level cannot be raised', {}, { users: { [bob]: 61 } }, userRaised),
  {
    name: 'the own entry may be removed',
    given: (room) => room.withJoined(bob).withUserLevels({ [bob]: 60 }),
    event: (room) => room.powerLevelsBy(bob, { users: room.creatorLevel }),
    verdict: 'allowed',
  },
];

const setBy = (name: string, content: (room: RoomBuilder) => JsonObject, verdict: AuthCase['verdict']): AuthCase => ({
  name,
  event: (room) => room.powerLevelsBy(alice, content(room)),
  verdict,
});
const withUsers = (name: string, value: JsonValue, verdict: AuthCase['verdict']): AuthCase =>
  setBy(name, () => ({ users: value }), verdict);
const withLevel = (name: string, content: JsonObject, verdict: AuthCase['verdict']): AuthCase =>
  setBy(name, (room) => ({ users: room.creatorLevel, ...content }), verdict);

const noString = { '1-9': 'allowed', '10-11': '9.1 bad-level', '12': '10.1 bad-level' };
const badLevel = {
  '1-5': '10.3.2 bad-level',
  '6-9': '9.3.2 bad-level',
  '10-11': '9.1 bad-level',
  '12': '10.1 bad-level',
};
const noStringEntry = { '1-9': 'allowed', '10-11': '9.2 bad-level', '12': '10.2 bad-level' };
const badEntry = {
  '1-5': '10.5.1 bad-level',
  '6-9': '9.5.1 bad-level',
  '10-11': '9.2 bad-level',
  '12': '10.2 bad-level',
};
const badNotification = { ...badEntry, '1-5': 'allowed' };
const noStringUser = { '1-9': 'allowed', '10-11': '9.3 bad-users', '12': '10.3 bad-users' };
const noFloat = { ...badUsers, '1-5': 'allowed' };

const shapes: readonly AuthCase[] = [
  ...levelKeys.flatMap((key) => [
    withLevel(`${key} may be a string with an integer before version 10`, { [key]: ' +0050 ' }, noString),
    withLevel(`${key} cannot be a word`, { [key]: 'high' }, badLevel),
    withLevel(`${key} cannot be null`, { [key]: null }, badLevel),
    withLevel(`${key} cannot be true`, { [key]: true }, badLevel),
  ]),
  withLevel('an entry of events may be a string before version 10', { events: { a: '5' } }, noStringEntry),
  withLevel('an entry of events cannot be a word', { events: { a: 'high' } }, badEntry),
  withLevel('events cannot be a list', { events: [5] }, badEntry),
  withLevel('events cannot be null', { events: null }, badEntry),
  withLevel(
    'an entry of notifications may be a string before version 10',
    { notifications: { a: '5' } },
    noStringEntry,
  ),
  withLevel(
    'an entry of notifications cannot be a word once it counts',
    { notifications: { a: 'high' } },
    badNotification,
  ),
  withLevel('notifications cannot be a list once they count', { notifications: [5] }, badNotification),
  withLevel('other properties may be anything', { beak: { a: 'high' } }, 'allowed'),
  withLevel('a level may be negative', { events_default: -1 }, 'allowed'),

  withUsers('a level of a user may be a string before version 10', { [bob]: '50' }, noStringUser),
  withUsers('a level of a user cannot be a word', { [bob]: 'high' }, badUsers),
  withUsers('a level of a user cannot be null', { [bob]: null }, badUsers),
  withUsers('a level of a user cannot be a string with a fraction', { [bob]: '5.5' }, badUsers),
  withUsers('a level of a user may be a float before version 6', { [bob]: new SourceNumber('50.57') }, noFloat),
  withUsers('a level of a user cannot be beyond a double', { [bob]: new SourceNumber('1e999') }, badUsers),
  withUsers('users cannot be a list', [bob], badUsers),
  withUsers('users cannot be null', null, badUsers),
  withUsers('users cannot have a key that is no user ID', { bob: 50 }, badUsers),
  withUsers('users cannot have a key without a server', { '@bob': 50 }, badUsers),
  withUsers('users may have historical user IDs', { '@Old Name!:two.test': 50 }, 'allowed'),
  setBy('users may be missing', () => ({}), 'allowed'),
  withUsers(
    'the creator may be named unless creators stand above levels',
    { [alice]: 100 },
    {
      '1-11': 'allowed',
      '12': '10.4 creator-in-users',
    },
  ),
  {
    name: 'an additional creator may be named unless creators stand above levels',
    room: { createContent: { additional_creators: [bob] } },
    event: (room) => room.powerLevelsBy(alice, { users: { ...room.creatorLevel, [bob]: 100 } }),
    verdict: { '1-11': 'allowed', '12': '10.4 creator-in-users' },
  },
];

/** The first power levels are checked for their shape alone. */
const firstLevels = (name: string, content: JsonObject, verdict: AuthCase['verdict']): AuthCase => ({
  name,
  room: { powerLevels: null },
  event: (room) => room.powerLevelsBy(alice, content),
  verdict,
});

const first: readonly AuthCase[] = [
  firstLevels('the first power levels may be above the creator', { users: { [bob]: 200 }, ban: 300 }, 'allowed'),
  firstLevels('the first power levels must name users by ID', { users: { bob: 1 } }, badUsers),
  firstLevels(
    'the first power levels must be integers from version 10 on',
    { ban: 'high', events: { a: 'b' } },
    noString,
  ),
  firstLevels(
    'the first power levels cannot be beyond a double',
    { ban: new SourceNumber('-1e999') },
    {
      '1-5': '10.1 bad-level',
      '6-9': 'allowed',
      '10-11': '9.1 bad-level',
      '12': '10.1 bad-level',
    },
  ),
  firstLevels(
    'no first entry can be beyond a double',
    { events: { a: new SourceNumber('1e400') } },
    {
      '1-5': '10.1 bad-level',
      '6-9': 'allowed',
      '10-11': '9.2 bad-level',
      '12': '10.2 bad-level',
    },
  ),
];

const spellings: readonly AuthCase[] = [
  {
    name: 'a level that is spelled in another way is no change',
    given: (room) => room.withJoined(bob).withUserLevels({ [bob]: 60, [carol]: 60 }, { ban: 70, events: { a: 90 } }),
    event: (room) =>
      room.powerLevelsBy(bob, {
        users: { ...room.creatorLevel, [bob]: '60', [carol]: '060' },
        ban: ' 70',
        events: { a: '+90' },
      }),
    verdict: noString,
  },
  {
    name: 'levels beyond 2^53 are told apart',
    given: (room) =>
      room.withJoined(bob).withUserLevels({ [bob]: '9223372036854775806', [carol]: '9223372036854775806' }),
    event: (room) =>
      room.powerLevelsBy(bob, { users: { ...room.creatorLevel, [bob]: 0, [carol]: '9223372036854775807' } }),
    verdict: {
      '1-5': '10.6.1 user-not-below-sender',
      '6-9': '9.6.1 user-not-below-sender',
      '10-11': '7 insufficient-power',
      '12': '8 insufficient-power',
    },
  },
  {
    name: 'a level that is none can be replaced',
    given: (room) => room.withUserLevels({}, { ban: 'high', events: ['a'] }),
    event: (room) => room.powerLevelsBy(alice, { users: room.creatorLevel, ban: 50, events: {} }),
    verdict: 'allowed',
  },
  {
    name: 'a creator sets any level where creators stand above levels',
    event: (room) => room.powerLevelsBy(alice, { users: { [bob]: 9_000, ...room.creatorLevel }, ban: 8_000 }),
    verdict: { ...levelRaised, '12': 'allowed' },
  },
];

testAuthCases([...changes, ...above, ...entries, ...userChanges, ...shapes, ...first, ...spellings]);
