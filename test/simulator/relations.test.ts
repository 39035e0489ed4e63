import { describe, expect, test } from 'vitest';

import { MatrixError } from '../../src/matrix/error.ts';
import type { EventId, UserId } from '../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../src/matrix/json/json-value.ts';
import { readRelations } from '../../src/room/read/read-relations.ts';
import { readThreads } from '../../src/room/read/read-threads.ts';
import { sightOf } from '../../src/room/read/sight.ts';
import { renderWithRelations, type BundledRelations } from '../../src/room/relations/aggregate.ts';
import type { StoredEvent } from '../../src/room/store.ts';
import { Random } from '../support/simulator/random.ts';
import { RoomRig } from '../support/simulator/room-rig.ts';

const alice = '@alice:one' as UserId;
const bob = '@bob:one' as UserId;
const carl = '@carl:one' as UserId;
const users = [alice, bob, carl];

interface Reader {
  readonly userId: UserId;
  readonly ignoredUsers: readonly UserId[];
}

const readers: readonly Reader[] = [
  { userId: alice, ignoredUsers: [] },
  { userId: bob, ignoredUsers: [alice] },
  { userId: carl, ignoredUsers: [] },
  { userId: '@eve:one' as UserId, ignoredUsers: [] },
];

interface Related extends StoredEvent {
  readonly relType: unknown;
  readonly parentId: unknown;
}

/** The room's events in the order of the history, with what they say of each other. */
function eventsOf(room: RoomRig): readonly Related[] {
  const { store } = room;
  return store.history
    .page({ anchor: 0, sub: 0 }, 'f', 10_000)
    .map((eventId) => store.events.get(eventId))
    .filter((event) => event !== undefined)
    .map((event) => {
      const relation = (event.pdu.content['m.relates_to'] ?? {}) as JsonObject;
      return { ...event, relType: relation['rel_type'], parentId: relation['event_id'] };
    });
}

/** What an event comes with, found by looking at every other event. */
function literally(room: RoomRig, { userId, ignoredUsers }: Reader, event: Related): BundledRelations | undefined {
  if (event.pdu.stateKey !== undefined) return undefined;
  const sight = sightOf(room.store, userId);
  const children = eventsOf(room).filter(({ parentId }) => parentId === event.pdu.eventId);
  const counted = children.filter((child) => sight.maySee(child) && !ignoredUsers.includes(child.pdu.sender));
  const edits = counted.filter(
    ({ relType, pdu }) =>
      relType === 'm.replace' &&
      event.redactedBy === undefined &&
      event.relType !== 'm.replace' &&
      pdu.sender === event.pdu.sender &&
      pdu.type === event.pdu.type &&
      'm.new_content' in pdu.content,
  );
  const byTime = edits.toSorted(
    ({ pdu: one }, { pdu: other }) =>
      one.originServerTs - other.originServerTs || (one.eventId < other.eventId ? -1 : 1),
  );
  const references = counted.filter(({ relType }) => relType === 'm.reference');
  const replies = event.relType === undefined ? counted.filter(({ relType }) => relType === 'm.thread') : [];
  const hasTakenPart =
    event.pdu.sender === userId || children.some(({ relType, pdu }) => relType === 'm.thread' && pdu.sender === userId);
  const idOf = (found: Related | undefined) => expect.objectContaining({ event_id: found?.pdu.eventId });
  const relations = {
    ...(byTime.length === 0 ? {} : { 'm.replace': idOf(byTime.at(-1)) }),
    ...(references.length === 0
      ? {}
      : { 'm.reference': { chunk: references.map(({ pdu }) => ({ event_id: pdu.eventId })) } }),
    ...(replies.length === 0
      ? {}
      : {
          'm.thread': {
            latest_event: idOf(replies.at(-1)),
            count: replies.length,
            current_user_participated: hasTakenPart,
          },
        }),
  };
  return Object.keys(relations).length === 0 ? undefined : relations;
}

function relate(random: Random, target: EventId): { type: string; content: JsonObject } {
  const relType = random.pick(['m.replace', 'm.replace', 'm.thread', 'm.thread', 'm.reference', 'm.annotation']);
  const content = {
    body: 'related',
    'm.relates_to': { rel_type: relType, event_id: target, key: random.pick(['a', 'b']) },
    ...(relType === 'm.replace' && random.chance(0.8) ? { 'm.new_content': { body: 'edited' } } : {}),
  };
  return { type: random.pick(['m.room.message', 'm.room.message', 'm.room.message', 'org.example.other']), content };
}

/** Does one thing that somebody might; what the room refuses has not happened. */
function step(room: RoomRig, random: Random, said: EventId[]): void {
  const sender = random.pick(users);
  const target = random.pick(said);
  const originServerTs = room.now + random.below(3);
  const send = (type: string, content: JsonObject, more: { stateKey?: string; redacts?: EventId } = {}) =>
    room.send({ type, sender, content, originServerTs, ...more }).eventId;
  switch (random.weighted({ say: 3, relate: 8, redact: 1, visibility: 1, leave: 1, invite: 1, join: 2 })) {
    case 'say':
      return void said.push(send('m.room.message', { body: 'said' }));
    case 'relate': {
      const { type, content } = relate(random, target);
      return void said.push(send(type, content));
    }
    case 'redact':
      return void send('m.room.redaction', {}, { redacts: target });
    case 'visibility': {
      const visibility = random.pick(['shared', 'joined', 'invited', 'world_readable']);
      return void send('m.room.history_visibility', { history_visibility: visibility }, { stateKey: '' });
    }
    case 'leave':
      return void room.member(carl, carl, 'leave');
    case 'invite':
      return void room.member(alice, carl, 'invite');
    case 'join':
      return void room.member(carl, carl, 'join');
  }
}

function aWorld(seed: number): RoomRig {
  const random = new Random(seed);
  const room = new RoomRig('one');
  room.create('11', alice);
  for (const userId of users) room.turn((ctx) => ctx.store.localUsers.setShard(userId, 's1'));
  for (const userId of [bob, carl]) room.member(userId, userId, 'join');
  const said = [room.say(alice, 'first').eventId];
  for (let n = 0; n < 80; n += 1) {
    try {
      step(room, random, said);
    } catch (error) {
      if (!(error instanceof MatrixError)) throw error;
    }
  }
  return room;
}

describe.each(Array.from({ length: 12 }, (_, seed) => [seed]))('in world %i', (seed) => {
  const room = aWorld(seed);
  const { store, now } = room;
  const events = eventsOf(room);

  test.each(readers)('what comes with events is what a look at all of them finds, for $userId', (reader) => {
    const { userId, ignoredUsers } = reader;
    const sight = sightOf(store, userId);
    const seen = events.filter((event) => sight.maySee(event));
    const shown = renderWithRelations(store, seen, { sight, scope: 'd', now, ignoredUsers });
    expect(shown.map(({ unsigned }) => unsigned?.['m.relations'])).toEqual(
      seen.map((event) => literally(room, reader, event)),
    );
  });

  test.each(readers)('relations are listed whole, page by page both ways, for $userId', (reader) => {
    const sight = sightOf(store, reader.userId);
    for (const { pdu } of events.filter((event) => sight.maySee(event))) {
      const wanted = events
        .filter(({ parentId }) => parentId === pdu.eventId)
        .filter((child) => sight.maySee(child) && !reader.ignoredUsers.includes(child.pdu.sender))
        .map((child) => child.pdu.eventId);
      const query = { ...reader, scope: 'd', eventId: pdu.eventId, limit: 100, from: undefined, to: undefined };
      const listed = (dir: 'b' | 'f') =>
        readRelations(store, { ...query, dir, recurse: false }, now).chunk.map((event) => event.event_id);
      expect(listed('f')).toEqual(wanted);
      expect(listed('b')).toEqual(wanted.toReversed());
    }
  });

  test.each(readers.slice(0, 2))('every thread is listed once, for $userId', (reader) => {
    const { userId } = reader;
    const sight = sightOf(store, userId);
    const wanted = events
      .filter((event) => sight.maySee(event) && literally(room, reader, event)?.['m.thread'] !== undefined)
      .map(({ pdu }) => pdu.eventId);
    const query = { ...reader, scope: 'd', isParticipated: false, from: undefined, limit: 100 };
    const { chunk, nextBatch } = readThreads(store, query, now);
    expect(chunk.map((event) => event.event_id).toSorted()).toEqual(wanted.toSorted());
    expect(nextBatch).toBeUndefined();
  });
});
