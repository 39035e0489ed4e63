import type { EventId, UserId } from '../../../src/matrix/ids/brands.ts';
import type { RoomBuilder } from '../../support/core/a-room.ts';
import { alice, bob, eve } from '../../support/core/a-user.ts';
import { testAuthCases } from '../../support/core/auth-cases.ts';

const redactionBy = (sender: UserId, redacts?: string) => (room: RoomBuilder) =>
  room.event({
    type: 'm.room.redaction',
    sender,
    ...(redacts === undefined ? {} : { redacts: redacts as EventId }),
  });

const cannot = { '1-2': '11.3 cannot-redact', '3-12': 'allowed' };

testAuthCases([
  { name: 'the redact level redacts everything', event: redactionBy(alice, '$it:two.test'), verdict: 'allowed' },
  {
    name: 'just the redact level is enough',
    given: (room) => room.withJoined(eve).withUserLevels({ [eve]: 20 }, { redact: 20 }),
    event: redactionBy(eve, '$it:one.test'),
    verdict: 'allowed',
  },
  {
    name: 'a member below the redact level redacts events with IDs of the same server',
    given: (room) => room.withJoined(bob),
    event: redactionBy(bob, '$it:one.test'),
    verdict: 'allowed',
  },
  {
    name: 'a member below the redact level redacts no events with IDs of another server',
    given: (room) => room.withJoined(bob),
    event: redactionBy(bob, '$it:two.test'),
    verdict: cannot,
  },
  {
    name: 'the port is part of the server',
    given: (room) => room.withJoined(bob),
    event: redactionBy(bob, '$it:one.test:8448'),
    verdict: cannot,
  },
  {
    name: 'a member below the redact level cannot send a redaction of nothing',
    given: (room) => room.withJoined(bob),
    event: redactionBy(bob),
    verdict: cannot,
  },
  {
    name: "the server is that of the redaction's ID, not of its sender",
    given: (room) => room.withJoined(bob),
    event: (room) =>
      room.event({
        type: 'm.room.redaction',
        sender: bob,
        redacts: '$it:two.test' as EventId,
        ...(room.rules.eventId === 'sender' ? { eventId: '$this:two.test' as EventId } : {}),
      }),
    verdict: 'allowed',
  },
]);
