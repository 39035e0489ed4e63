import type { EventId } from '../../../src/matrix/ids/brands.ts';
import type { RoomBuilder } from '../../support/core/a-room.ts';
import { alice, bob, carol, eve } from '../../support/core/a-user.ts';
import { deniedAt, testAuthCases } from '../../support/core/auth-cases.ts';

const federation = { '1-11': '3', '12': '4' };
const senderJoined = { '1-5': '6', '6-11': '5', '12': '6' };
const thirdPartyInvite = { '1-5': '7.1', '6-11': '6.1', '12': '7.1' };
const requiredLevel = { '1-5': '8', '6-11': '7', '12': '8' };
const stateKey = { '1-5': '9', '6-11': '8', '12': '9' };

const notFederated = deniedAt(federation, '', 'not-federated');
const notJoined = deniedAt(senderJoined, '', 'sender-not-joined');
const tooLow = deniedAt(requiredLevel, '', 'insufficient-power');

const closed = { createContent: { 'm.federate': false } };
const topicBy = (sender: typeof alice) => (room: RoomBuilder) =>
  room.event({ type: 'm.room.topic', sender, stateKey: '', content: { topic: 'nests' } });
const aliasesBy = (sender: typeof alice, server: string | undefined) => (room: RoomBuilder) =>
  room.event({ type: 'm.room.aliases', sender, stateKey: server, content: { aliases: [] } });
const addressInviteBy = (sender: typeof alice) => (room: RoomBuilder) =>
  room.event({ type: 'm.room.third_party_invite', sender, stateKey: 'token', content: { display_name: 'b…' } });

testAuthCases([
  {
    name: 'nothing is allowed in a room without a create event',
    given: (room) => room.without('m.room.create', ''),
    event: (room) => room.messageOf(alice),
    verdict: { '1-11': '2.4 no-create-event', '12': '2 no-create-event' },
  },

  {
    name: 'a member of another server cannot write into a room that is not federated',
    room: closed,
    given: (room) => room.withJoined(eve),
    event: (room) => room.messageOf(eve),
    verdict: notFederated,
  },
  {
    name: 'a user of another server cannot join a room that is not federated',
    room: { ...closed, joinRule: 'public' },
    event: (room) => room.joinOf(eve),
    verdict: notFederated,
  },
  {
    name: "a user of the creator's server can join a room that is not federated",
    room: { ...closed, joinRule: 'public' },
    event: (room) => room.joinOf(bob),
    verdict: 'allowed',
  },
  {
    name: 'a room is federated unless m.federate is false itself',
    room: { createContent: { 'm.federate': 'false' }, joinRule: 'public' },
    event: (room) => room.joinOf(eve),
    verdict: 'allowed',
  },

  {
    name: 'aliases of the own server need no membership while they have a rule',
    event: aliasesBy(bob, 'one.test'),
    verdict: { ...notJoined, '1-5': 'allowed' },
  },
  {
    name: 'aliases of another server are denied while they have a rule',
    event: aliasesBy(alice, 'two.test'),
    verdict: { '1-5': '4.2 foreign-aliases', '6-12': 'allowed' },
  },
  {
    name: 'aliases without a state key are denied while they have a rule',
    event: aliasesBy(alice, undefined),
    verdict: { '1-5': '4.1 no-state-key', '6-12': 'allowed' },
  },
  {
    name: 'aliases need the power for state once they have no rule',
    given: (room) => room.withJoined(bob),
    event: aliasesBy(bob, 'one.test'),
    verdict: { ...tooLow, '1-5': 'allowed' },
  },

  ...['invite', 'leave', 'ban', 'knock'].map((membership) => ({
    name: `a user whose membership is ${membership} cannot write`,
    given: (room: RoomBuilder) => room.withMember(bob, membership),
    event: (room: RoomBuilder) => room.messageOf(bob),
    verdict: notJoined,
  })),
  { name: 'a stranger cannot write', event: (room) => room.messageOf(bob), verdict: notJoined },
  {
    name: 'a member whose membership is no string cannot write',
    given: (room) => room.withState('m.room.member', bob, { membership: ['join'] }, bob),
    event: (room) => room.messageOf(bob),
    verdict: notJoined,
  },

  {
    name: 'an address is invited by whoever may invite, although it is state',
    given: (room) => room.withJoined(bob),
    event: addressInviteBy(bob),
    verdict: 'allowed',
  },
  {
    name: 'an address is not invited by a member below the invite level, whatever events says',
    given: (room) =>
      room.withJoined(bob).withUserLevels({ [bob]: 40 }, { invite: 41, events: { 'm.room.third_party_invite': 0 } }),
    event: addressInviteBy(bob),
    verdict: deniedAt(thirdPartyInvite, '', 'insufficient-power'),
  },

  {
    name: 'a member writes messages by default',
    given: (room) => room.withJoined(bob),
    event: (room) => room.messageOf(bob),
    verdict: 'allowed',
  },
  {
    name: 'a message needs events_default',
    given: (room) => room.withJoined(bob).withUserLevels({ [bob]: 9 }, { events_default: 10 }),
    event: (room) => room.messageOf(bob),
    verdict: tooLow,
  },
  {
    name: 'users_default is the level of whom users does not name',
    given: (room) => room.withJoined(bob).withUserLevels({}, { events_default: 10, users_default: 10 }),
    event: (room) => room.messageOf(bob),
    verdict: 'allowed',
  },
  {
    name: 'an entry of events goes before events_default',
    given: (room) => room.withJoined(bob).withUserLevels({}, { events_default: 10, events: { 'm.room.message': 0 } }),
    event: (room) => room.messageOf(bob),
    verdict: 'allowed',
  },
  {
    name: 'state needs 50 by default',
    given: (room) => room.withJoined(bob).withUserLevels({ [bob]: 49 }),
    event: topicBy(bob),
    verdict: tooLow,
  },
  {
    name: 'a user who has just the level for state may set it',
    given: (room) => room.withJoined(bob).withUserLevels({ [bob]: 50 }),
    event: topicBy(bob),
    verdict: 'allowed',
  },
  {
    name: 'state needs state_default',
    given: (room) => room.withJoined(bob).withUserLevels({ [bob]: 50 }, { state_default: 51 }),
    event: topicBy(bob),
    verdict: tooLow,
  },
  {
    name: 'an entry of events goes before state_default',
    given: (room) => room.withJoined(bob).withUserLevels({ [bob]: 50 }, { events: { 'm.room.topic': 51 } }),
    event: topicBy(bob),
    verdict: tooLow,
  },
  {
    name: 'state needs 50 without power levels too',
    room: { powerLevels: null },
    given: (room) => room.withJoined(bob),
    event: topicBy(bob),
    verdict: tooLow,
  },
  {
    name: 'the creator has power without power levels',
    room: { powerLevels: null },
    event: topicBy(alice),
    verdict: 'allowed',
  },
  {
    name: 'the creator is what the create event says until the sender counts',
    room: { powerLevels: null, createContent: { creator: bob } },
    given: (room) => room.withJoined(bob),
    event: topicBy(bob),
    verdict: { '1-10': 'allowed', '11': '7 insufficient-power', '12': '8 insufficient-power' },
  },

  {
    name: "another user's ID as a state key is denied",
    given: (room) => room.withJoined(bob).withUserLevels({ [bob]: 100 }),
    event: (room) => room.event({ type: 'test.nest', sender: bob, stateKey: carol }),
    verdict: deniedAt(stateKey, '', 'foreign-state-key'),
  },
  {
    name: 'any other state key with an @ in front is denied',
    event: (room) => room.event({ type: 'test.nest', sender: alice, stateKey: '@' }),
    verdict: deniedAt(stateKey, '', 'foreign-state-key'),
  },
  {
    name: 'the own user ID is allowed as a state key',
    event: (room) => room.event({ type: 'test.nest', sender: alice, stateKey: alice }),
    verdict: 'allowed',
  },
  {
    name: 'a state key with an @ further back is allowed',
    event: (room) => room.event({ type: 'test.nest', sender: alice, stateKey: `_${bob}` }),
    verdict: 'allowed',
  },

  {
    name: 'the redact level does not bear on sending a redaction, except in versions 1 and 2',
    given: (room) => room.withJoined(eve),
    event: (room) => room.event({ type: 'm.room.redaction', sender: eve, redacts: '$it:one.test' as EventId }),
    verdict: { '1-2': '11.3 cannot-redact', '3-12': 'allowed' },
  },
  {
    name: 'a redaction needs the level of its type',
    given: (room) => room.withJoined(eve).withUserLevels({}, { events: { 'm.room.redaction': 1 } }),
    event: (room) => room.event({ type: 'm.room.redaction', sender: eve, redacts: '$it:two.test' as EventId }),
    verdict: tooLow,
  },
]);
