import { describe, expect, test } from 'vitest';
import { roomVersionRules, supportedRoomVersions } from '../../../src/matrix/room-versions/versions.ts';
import type { RoomVersionRules } from '../../../src/matrix/room-versions/rules.ts';

/**
 * What each room version's page says, written out for each version and not as differences: one column per version,
 * 1 to 12. "x" is yes, "." is no.
 */
const flags: readonly [keyof RoomVersionRules, string][] = [
  ['edgesArePairs', 'xx..........'],
  ['signedByEventIdDomain', 'xx..........'],
  ['redactionsInAuthRules', 'xx..........'],
  ['keyValidityEnforced', '....xxxxxxxx'],
  ['strictCanonicalJson', '.....xxxxxxx'],
  ['aliasesRule', 'xxxxx.......'],
  ['notificationLevelsChecked', '.....xxxxxxx'],
  ['knocking', '......xxxxxx'],
  ['restrictedJoins', '.......xxxxx'],
  ['knockRestrictedJoins', '.........xxx'],
  ['integerPowerLevels', '.........xxx'],
  ['redactsInContent', '..........xx'],
  ['creatorIsSender', '..........xx'],
  ['roomIdIsCreateEvent', '...........x'],
  ['creatorsArePrivileged', '...........x'],
];

describe('the rules of a room version', () => {
  test('are there for versions 1 to 12 and no other', () => {
    expect(supportedRoomVersions).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12']);
    for (const other of ['', '0', '13', '01', 'org.matrix.msc3604', '__proto__', 'constructor']) {
      expect(roomVersionRules(other)).toBeUndefined();
    }
  });

  test.each(flags)('%s', (flag, expected) => {
    const held = supportedRoomVersions.map((version) => (roomVersionRules(version)?.[flag] === true ? 'x' : '.'));
    expect(held.join('')).toBe(expected);
  });

  test('name event IDs and state resolution', () => {
    const of = (key: 'id' | 'eventId' | 'stateResolution') =>
      supportedRoomVersions.map((version) => roomVersionRules(version)?.[key]).join(' ');
    expect(of('id')).toBe('1 2 3 4 5 6 7 8 9 10 11 12');
    expect(of('eventId')).toBe(`sender sender hash-standard${' hash-url-safe'.repeat(9)}`);
    expect(of('stateResolution')).toBe('v1 v2 v2 v2 v2 v2 v2 v2 v2 v2 v2 v2.1');
  });
});
