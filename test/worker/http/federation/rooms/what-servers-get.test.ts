import { beforeAll, expect, test, vi } from 'vitest';

import { eventIdOf } from '../../../../../src/matrix/event/hashes.ts';
import type { JsonObject } from '../../../../../src/matrix/json/json-value.ts';
import { eventPath, refusal } from '../../../../support/worker/a-federation-app.ts';
import { aMembership } from '../../../../support/worker/a-membership.ts';
import {
  alice,
  aRealRoom,
  bob,
  eve,
  joined,
  peer,
  rooms,
  serverName,
  type RealRoom,
} from '../../../../support/worker/a-real-room.ts';

// The room sends to the peer what happens in it, also after the last test.
beforeAll(() => {
  vi.spyOn(globalThis, 'fetch').mockRejectedValue(new Error('connection refused'));
});

const say = ({ roomId }: RealRoom, body: string) =>
  rooms.send({ roomId, draft: { type: 'm.room.message', sender: alice, content: { body, msgtype: 'm.text' } } });

function idsOf(room: RealRoom, events: readonly JsonObject[]): readonly string[] {
  return events.map((json) => eventIdOf(room.rules, json)).map((id) => (id.ok ? id.value : ''));
}

async function missing(room: RealRoom, query: JsonObject): Promise<readonly string[]> {
  const response = await room.post(room.path('/v1/get_missing_events'), query);
  expect(response.status).toBe(200);
  return idsOf(room, (await response.json<{ events: JsonObject[] }>()).events);
}

test('a joining server is told which servers were in the room before it', async () => {
  const room = await aRealRoom('11');
  const { answer, join } = await joined(room);
  expect(answer).toMatchObject({ members_omitted: false, servers_in_room: [serverName] });
  const again = await room.put(eventPath('/v2/send_join', join.eventId, room.roomId), join.json);
  expect(await again.json()).toMatchObject({ servers_in_room: [serverName] });
});

test('what lies below the least depth takes no place among the missing events', async () => {
  const room = await aRealRoom('11');
  const { join } = await joined(room);
  // Two ends of the graph: one whose parent is the old one, and a longer one.
  const old = await say(room, 'old');
  const ids: string[] = [];
  for (const body of ['1', '2', '3', '4']) ids.push((await say(room, body)).eventId);
  const query = { earliest_events: [], latest_events: [join.eventId, ids[3] ?? ''], limit: 4 };
  const found = await missing(room, { ...query, min_depth: join.depth + 1 });
  expect(found).toEqual([old.eventId, ...ids.slice(0, 3)]);
});

test('no more than a hundred events are looked up for one question', async () => {
  const room = await aRealRoom('11');
  await joined(room);
  await say(room, 'one');
  const last = await say(room, 'two');
  const madeUp = Array.from({ length: 100 }, (_, index) => `$made-up-${index}`);
  expect(await missing(room, { earliest_events: [], latest_events: [...madeUp, last.eventId] })).toEqual([]);
});

test('an invitation to a room that we have left is refused where its ACL kept the server out', async () => {
  const room = await aRealRoom('11');
  await joined(room);
  const acl = {
    type: 'm.room.server_acl',
    sender: alice,
    stateKey: '',
    content: { allow: ['*'], deny: ['peer.test'] },
  };
  await rooms.send({ roomId: room.roomId, draft: acl });
  const { roomId } = room;
  await rooms.changeMembership({ roomId, action: 'leave', sender: alice, target: alice, content: {} });
  const invite = aMembership(peer, 'invite', { roomId, stateKey: bob, sender: eve });
  const body = { room_version: '11', event: invite.json, invite_room_state: [] };
  expect(await refusal(await room.put(eventPath('/v2/invite', invite.eventId, roomId), body))).toBe('403 M_FORBIDDEN');
});
