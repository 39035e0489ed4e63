import type { EventId, RoomId } from '../../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';
import { aCreateEvent } from '../../support/core/a-room.ts';
import { alice, bob } from '../../support/core/a-user.ts';
import { testAuthCases } from '../../support/core/auth-cases.ts';
import type { AuthCase } from '../../support/core/auth-cases.ts';

const withContent = (name: string, content: JsonObject, verdict: AuthCase['verdict']): AuthCase => ({
  name,
  event: ({ rules }) => aCreateEvent(rules, alice, content),
  verdict,
});

const badCreators = { '1-11': 'allowed', '12': '1.4 bad-additional-creators' };

testAuthCases([
  withContent('a create event is allowed', {}, 'allowed'),
  {
    name: 'a create event after another event is denied',
    event: ({ rules }) => aCreateEvent(rules, alice, {}, { prevEvents: ['$before' as EventId] }),
    verdict: '1.1 create-has-prev-events',
  },
  {
    name: "a room ID of another server than the sender's is denied where room IDs have a server",
    event: ({ rules }) => aCreateEvent(rules, alice, {}, { roomId: '!room:two.test' as RoomId }),
    verdict: { '1-11': '1.2 create-domain-mismatch', '12': 'allowed' },
  },
  {
    name: 'a room ID is denied where it is the hash of the create event',
    event: ({ rules }) => aCreateEvent(rules, alice, {}, { extra: { room_id: '!room:one.test' } }),
    verdict: { '1-11': 'allowed', '12': '1.2 create-has-room-id' },
  },
  withContent('an unknown room version is denied', { room_version: 'hexagonal' }, '1.3 unknown-room-version'),
  withContent('a room version that is a number is denied', { room_version: 11 }, '1.3 unknown-room-version'),
  withContent('a room version that is null is denied', { room_version: null }, '1.3 unknown-room-version'),
  withContent('a create event without a room version is allowed', { room_version: undefined }, 'allowed'),
  withContent(
    'a create event without a creator is denied where it names one',
    { creator: undefined },
    {
      '1-10': '1.4 no-creator',
      '11-12': 'allowed',
    },
  ),
  withContent('additional creators are allowed', { additional_creators: [bob, '@Old Name!:two.test'] }, 'allowed'),
  withContent('an empty list of additional creators is allowed', { additional_creators: [] }, 'allowed'),
  withContent('additional creators that are no list are denied', { additional_creators: bob }, badCreators),
  withContent('additional creators that are null are denied', { additional_creators: null }, badCreators),
  withContent('an additional creator that is no string is denied', { additional_creators: [bob, 5] }, badCreators),
  withContent('an additional creator without a server is denied', { additional_creators: ['@bob'] }, badCreators),
  withContent(
    'an additional creator that is a room alias is denied',
    { additional_creators: ['#a:b.test'] },
    badCreators,
  ),
  withContent(
    'an additional creator of more than 255 bytes is denied',
    { additional_creators: [`@${'b'.repeat(250)}:one.test`] },
    badCreators,
  ),
]);
