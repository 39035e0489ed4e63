import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  actionLevel,
  notificationLevel,
  readPowerLevel,
  requiredPowerLevel,
  userPowerLevel,
} from '../../../src/matrix/auth/power-levels.ts';
import type { PowerAction, PowerLevel } from '../../../src/matrix/auth/power-levels.ts';
import { SourceNumber } from '../../../src/matrix/json/json-value.ts';
import type { JsonValue } from '../../../src/matrix/json/json-value.ts';
import { supportedRoomVersions } from '../../../src/matrix/room-versions/versions.ts';
import { aRoom } from '../../support/core/a-room.ts';
import { alice, bob, carol } from '../../support/core/a-user.ts';
import { ofVersion } from '../../support/core/auth-cases.ts';
import type { ByVersion } from '../../support/core/auth-cases.ts';
import { rulesOf } from '../../support/core/rules-of.ts';

const source = (text: string) => new SourceNumber(text);

const always = (level: PowerLevel): ByVersion<PowerLevel | undefined> => ({ '1-12': level });
const never: ByVersion<PowerLevel | undefined> = { '1-12': undefined };
const strings = (level: PowerLevel): ByVersion<PowerLevel | undefined> => ({ '1-9': level, '10-12': undefined });
const floats = (level: PowerLevel): ByVersion<PowerLevel | undefined> => ({ '1-5': level, '6-12': undefined });

const values: readonly [JsonValue | undefined, ByVersion<PowerLevel | undefined>][] = [
  [50, always(50)],
  [-1, always(-1)],
  [0, always(0)],
  [9_007_199_254_740_991, always(9_007_199_254_740_991)],
  ['100', strings(100)],
  ['000100', strings(100)],
  ['+100', strings(100)],
  ['-100', strings(-100)],
  [' 100 ', strings(100)],
  [' 00100 ', strings(100)],
  [' +100 ', strings(100)],
  [' -100 ', strings(-100)],
  ['\t\n7\r', strings(7)],
  ['-0', strings(0)],
  ['9007199254740993', strings(9_007_199_254_740_993n)],
  [' +009007199254740993 ', strings(9_007_199_254_740_993n)],
  ['-9223372036854775808', strings(-9_223_372_036_854_775_808n)],
  ['1.0', never],
  ['1e2', never],
  ['0x10', never],
  ['1_000', never],
  ['1 000', never],
  ['+-1', never],
  ['', never],
  [' ', never],
  ['Infinity', never],
  ['NaN', never],
  ['9'.repeat(400), never],
  [50.57, floats(50)],
  [-50.57, floats(-50)],
  [source('50.57'), floats(50)],
  [source('-0.5'), floats(0)],
  [source('1.0'), floats(1)],
  [source('5.114698E4'), floats(51_146)],
  [source('1e3'), floats(1000)],
  [source('1e17'), floats(100_000_000_000_000_000n)],
  [source('9007199254740993'), floats(9_007_199_254_740_993n)],
  [source('1e999'), never],
  [source('-1e999'), never],
  [source('9'.repeat(400)), never],
  [Infinity, never],
  [Number.NaN, never],
  [true, never],
  [null, never],
  [undefined, never],
  [[50], never],
  [{ level: 50 }, never],
];

describe.each(supportedRoomVersions)('in version %s', (version) => {
  const rules = rulesOf(version);

  test.each(values)('%j is read as the page says', (value, expected) => {
    expect(readPowerLevel(rules, value)).toBe(ofVersion(expected, version));
  });

  test('without power levels the creator has power and others have none', () => {
    const { state } = aRoom({ version, powerLevels: null });
    expect(userPowerLevel(rules, state, alice)).toBe(version === '12' ? Infinity : 100);
    expect(userPowerLevel(rules, state, bob)).toBe(0);
  });

  test('power levels make an ordinary user of the creator, unless creators stand above them', () => {
    const { state } = aRoom({ version, powerLevels: { users_default: 5 } });
    expect(userPowerLevel(rules, state, alice)).toBe(version === '12' ? Infinity : 5);
  });

  test('additional creators stand above levels in version 12 alone', () => {
    const { state } = aRoom({ version, createContent: { additional_creators: [bob, 5] }, powerLevels: {} });
    expect(userPowerLevel(rules, state, bob)).toBe(version === '12' ? Infinity : 0);
  });

  test('nobody has power where there is neither a create event nor power levels', () => {
    expect(userPowerLevel(rules, () => undefined, alice)).toBe(0);
  });

  test('an own entry goes before users_default, also when it is lower', () => {
    const { state } = aRoom({ version, powerLevels: { users: { [bob]: -5 }, users_default: 10 } });
    expect(userPowerLevel(rules, state, bob)).toBe(-5);
    expect(userPowerLevel(rules, state, carol)).toBe(10);
  });

  test('what is no level counts as absent', () => {
    const { state } = aRoom({
      version,
      powerLevels: { users: { [bob]: 'high' }, users_default: 10, ban: {}, events: [], state_default: 'x' },
    });
    expect(userPowerLevel(rules, state, bob)).toBe(10);
    expect(actionLevel(rules, state, 'ban')).toBe(50);
    expect(requiredPowerLevel(rules, state, { type: 'test.nest', stateKey: '' })).toBe(50);
  });

  test('names that every object knows are no entries', () => {
    const { state } = aRoom({ version, powerLevels: { users: {}, events: {}, notifications: {} } });
    expect(userPowerLevel(rules, state, 'constructor')).toBe(0);
    expect(requiredPowerLevel(rules, state, { type: 'toString', stateKey: undefined })).toBe(0);
    expect(notificationLevel(rules, state, '__proto__')).toBe(50);
  });

  const defaults: readonly [PowerAction, number][] = [
    ['ban', 50],
    ['invite', 0],
    ['kick', 50],
    ['redact', 50],
  ];
  test.each(defaults)('the %s level is %d unless the room says otherwise', (action, level) => {
    expect(actionLevel(rules, aRoom({ version, powerLevels: null }).state, action)).toBe(level);
    expect(actionLevel(rules, aRoom({ version, powerLevels: {} }).state, action)).toBe(level);
    expect(actionLevel(rules, aRoom({ version, powerLevels: { [action]: 33 } }).state, action)).toBe(33);
  });

  test('notifications need 50 unless the room says otherwise', () => {
    expect(notificationLevel(rules, aRoom({ version, powerLevels: null }).state, 'room')).toBe(50);
    const { state } = aRoom({ version, powerLevels: { notifications: { room: 20 } } });
    expect(notificationLevel(rules, state, 'room')).toBe(20);
    expect(notificationLevel(rules, state, 'nest')).toBe(50);
  });
});

test('integers as strings keep their order and their equality at any size', () => {
  const rules = rulesOf('9');
  const big = fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n });
  fc.assert(
    fc.property(big, big, (one, other) => {
      const a = readPowerLevel(rules, `${one}`) ?? Number.NaN;
      const b = readPowerLevel(rules, ` ${other < 0n ? '' : '+'}${other}`) ?? Number.NaN;
      expect([a < b, a === b, a > b]).toEqual([one < other, one === other, one > other]);
    }),
  );
});
