import { describe, expect, test } from 'vitest';
import { authEventTuples } from '../../../src/matrix/auth/auth-types.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';
import { supportedRoomVersions } from '../../../src/matrix/room-versions/versions.ts';
import { alice, bob, carol } from '../../support/core/a-user.ts';
import { ofVersion } from '../../support/core/auth-cases.ts';
import { rulesOf } from '../../support/core/rules-of.ts';

describe.each(supportedRoomVersions)('in version %s', (version) => {
  const rules = rulesOf(version);
  const create = ofVersion({ '1-11': ['m.room.create|'], '12': [] }, version);
  const ofAlice = [...create, 'm.room.power_levels|', `m.room.member|${alice}`];

  const selected = (type: string, stateKey: string | undefined, content: JsonObject = {}) =>
    authEventTuples(rules, { type, sender: alice, stateKey, content }).map((tuple) => tuple.join('|'));
  const ofMember = (target: string, content: JsonObject) => selected('m.room.member', target, content);

  test('a create event has none', () => {
    expect(selected('m.room.create', '')).toEqual([]);
  });

  test('messages and state have the power levels and their sender, and the create event where it is named', () => {
    expect(selected('m.room.message', undefined)).toEqual(ofAlice);
    expect(selected('m.room.topic', '')).toEqual(ofAlice);
    expect(selected('m.room.power_levels', '')).toEqual(ofAlice);
  });

  test('an event of another type is no membership, whatever its content', () => {
    expect(selected('test.nest', bob, { membership: 'invite' })).toEqual(ofAlice);
  });

  test('a membership has its target, and the join rules for all that bring nearer', () => {
    const withTarget = [...ofAlice, `m.room.member|${bob}`];
    for (const membership of ['join', 'invite', 'knock']) {
      expect(ofMember(bob, { membership })).toEqual([...withTarget, 'm.room.join_rules|']);
    }
    for (const membership of ['leave', 'ban', 'perch', 5]) expect(ofMember(bob, { membership })).toEqual(withTarget);
  });

  test('the own membership is named once', () => {
    expect(ofMember(alice, { membership: 'join' })).toEqual([...ofAlice, 'm.room.join_rules|']);
    expect(ofMember(alice, { membership: 'leave' })).toEqual(ofAlice);
  });

  test('a join in the name of a member has that member where joins can be restricted', () => {
    const named = ofVersion({ '1-7': [], '8-12': [`m.room.member|${carol}`] }, version);
    const content = { membership: 'join', join_authorised_via_users_server: carol };
    expect(ofMember(alice, content)).toEqual([...ofAlice, ...named, 'm.room.join_rules|']);
    expect(ofMember(alice, { ...content, membership: 'leave' })).toEqual(ofAlice);
    expect(ofMember(alice, { ...content, join_authorised_via_users_server: alice })).toEqual([
      ...ofAlice,
      'm.room.join_rules|',
    ]);
  });

  test('an invite of an address has the third-party invite with its token', () => {
    const invited = [...ofAlice, `m.room.member|${bob}`, 'm.room.join_rules|'];
    const content = { membership: 'invite', third_party_invite: { signed: { token: 'the-token' } } };
    expect(ofMember(bob, content)).toEqual([...invited, 'm.room.third_party_invite|the-token']);
    expect(ofMember(bob, { ...content, third_party_invite: { signed: { token: 5 } } })).toEqual(invited);
    expect(ofMember(bob, { ...content, third_party_invite: null })).toEqual(invited);
    expect(ofMember(bob, { ...content, membership: 'join' })).toEqual(invited);
  });
});
