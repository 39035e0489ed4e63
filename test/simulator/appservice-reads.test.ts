import { expect, test } from 'vitest';

import type { UserId } from '../../src/matrix/ids/brands.ts';
import { SourceNumber, type JsonObject } from '../../src/matrix/json/json-value.ts';
import { readForAppservice } from '../../src/room/read/read-for-appservice.ts';
import { RoomRig } from '../support/simulator/room-rig.ts';
import { signPdu, type RemoteDraft } from '../support/simulator/sign-pdu.ts';

const alice = '@alice:one' as UserId;
const zoe = '@zoe:two' as UserId;

test('an application service is told only numbers that may cross to it, of what redacted and was replaced, too', () => {
  const room = new RoomRig('one');
  room.create('5', alice);
  const n = new SourceNumber('1.0');
  const receive = (draft: Omit<RemoteDraft, 'sender'>) => {
    const pdu = signPdu(room, { ...draft, sender: zoe });
    expect(room.receive(pdu, 'two')).toMatchObject({ kind: 'accepted' });
    return pdu.eventId;
  };
  const membership = { type: 'm.room.member', stateKey: zoe };
  for (const displayname of ['Zoe', 'Z']) receive({ ...membership, content: { membership: 'join', displayname, n } });
  const redacts = receive({ type: 'm.room.message', content: { body: 'a slip', n } });
  receive({ type: 'm.room.redaction', content: { n }, redacts });
  const query = { epoch: '1', from: 0, since: 0, appserviceId: 'bridge' };
  const { events } = readForAppservice(room.store, query, { serverName: room.serverName, now: room.now });
  const told = events.filter(({ sender }) => sender === zoe).map(({ event }) => event);
  const unsigned = told.map((event) => event['unsigned'] as JsonObject);
  expect(told.map(({ content }) => (content as JsonObject)['n'])).toEqual([1, 1, undefined, 1]);
  expect(unsigned[1]).toMatchObject({ prev_content: { n: 1 } });
  expect(unsigned[2]).toMatchObject({ redacted_because: { content: { n: 1 } } });
});
