import { expect, test } from 'vitest';

import { until } from '../support/node/until.ts';
import type { FollowingClient } from './support/following-client.ts';
import { expectSameState, textsOf, wholeHistory } from './support/shared-room.ts';
import { useTrio, type Seat } from './support/trio.ts';

const trio = useTrio();

/** A Synapse looks once a minute for servers that it owes something to. */
const CATCH_UP_MS = 120_000;
const TEST_MS = 240_000;

/** Everybody may do what the fork is about. */
const FREE = {
  power_level_content_override: { events: { 'm.room.topic': 0, 'm.room.name': 0, 'org.example.note': 0 }, kick: 0 },
};

interface Room {
  readonly roomId: string;
  readonly members: Readonly<Record<Seat, FollowingClient>>;
}

/** A room with a member of each server, who all know of each other. */
async function aRoomOfThree(host: Seat, version: Record<string, unknown> = {}): Promise<Room> {
  const members = {
    eyrie: await trio.user('eyrie', 'erin'),
    other: await trio.user('other', 'olga'),
    synapse: await trio.user('synapse', 'sam'),
  };
  const guests = Object.values(members).filter((member) => member !== members[host]);
  const invite = guests.map(({ userId }) => userId);
  const roomId = await members[host].createRoom({ preset: 'private_chat', ...FREE, ...version, invite });
  for (const guest of guests) {
    await guest.seesInvite(roomId);
    await guest.join(roomId);
  }
  for (const member of Object.values(members)) {
    for (const { userId } of Object.values(members)) await member.seesMembership(roomId, userId, 'join');
  }
  return { roomId, members };
}

/** What one side of a fork does while it does not hear the other: messages, and state that the other sets too. */
async function goOn(member: FollowingClient, roomId: string, name: string): Promise<readonly string[]> {
  const said: string[] = [];
  for (let at = 0; at < 8; at += 1) {
    said.push(`${name} ${at}`);
    await member.send(roomId, `${name} ${at}`);
    if (at === 3) await member.sendState(roomId, 'm.room.topic', { topic: `of ${name}` });
    if (at === 5) await member.sendState(roomId, 'org.example.note', { of: name }, name);
  }
  await member.sendState(roomId, 'm.room.name', { name: `by ${name}` });
  return said;
}

/** Waits until all three have the same state and have seen the same messages. */
async function expectAgreement({ roomId, members }: Room, said: readonly string[]): Promise<void> {
  const all = Object.values(members);
  await until(
    'everybody to have seen everything',
    async () => {
      for (const member of all) {
        expect(new Set(textsOf(await wholeHistory(member, roomId)))).toEqual(new Set(said));
      }
      return true;
    },
    CATCH_UP_MS,
  );
  await expectSameState(members.eyrie, members.other, roomId);
  await expectSameState(members.eyrie, members.synapse, roomId);
  const idsOf = async (member: FollowingClient) =>
    (await wholeHistory(member, roomId)).map(({ event_id: id }) => id).toSorted();
  // A server that has all messages may still be fetching what lies between them.
  await until(
    'the histories to be the same',
    async () => {
      const first = await idsOf(members.eyrie);
      expect(await idsOf(members.other), 'the history at the other Eyrie').toEqual(first);
      expect(await idsOf(members.synapse), 'the history at Synapse').toEqual(first);
      return true;
    },
    CATCH_UP_MS,
  );
}

async function speakAgain({ roomId, members }: Room): Promise<readonly string[]> {
  const said: string[] = [];
  for (const [seat, member] of Object.entries(members)) {
    said.push(`${seat} is back`);
    await member.send(roomId, `${seat} is back`);
  }
  return said;
}

test.each(['eyrie', 'synapse'] as const)(
  'one Eyrie is stopped while the other and Synapse fork a room of %s; back, all three agree',
  { timeout: TEST_MS },
  async (host) => {
    const room = await aRoomOfThree(host);
    const { roomId, members } = room;
    await trio.server('eyrie').stop();
    const partition = await trio.partition('other');
    const said = [...(await goOn(members.other, roomId, 'olga')), ...(await goOn(members.synapse, roomId, 'sam'))];
    await partition.heal();
    await members.other.send(roomId, 'together');
    await members.synapse.sees(
      'the other side of the fork',
      () => textsOf(members.synapse.room(roomId).timeline).includes('together'),
      CATCH_UP_MS,
    );
    await trio.server('eyrie').start();
    await expectAgreement(room, [...said, 'together', ...(await speakAgain(room))]);
  },
);

test('Synapse is stopped while two Eyries fork a room; back, all three agree', { timeout: TEST_MS }, async () => {
  const room = await aRoomOfThree('other');
  const { roomId, members } = room;
  await trio.server('synapse').stop();
  const partition = await trio.partition('eyrie');
  const said = [...(await goOn(members.eyrie, roomId, 'erin')), ...(await goOn(members.other, roomId, 'olga'))];
  await partition.heal();
  await trio.server('synapse').start();
  await expectAgreement(room, [...said, ...(await speakAgain(room))]);
});

test('all three are cut off from each other for a while and agree again', { timeout: TEST_MS }, async () => {
  const room = await aRoomOfThree('eyrie');
  const { roomId, members } = room;
  const partitions = [await trio.partition('eyrie'), await trio.partition('other')];
  const said = [
    ...(await goOn(members.eyrie, roomId, 'erin')),
    ...(await goOn(members.synapse, roomId, 'sam')),
    ...(await goOn(members.other, roomId, 'olga')),
  ];
  for (const partition of partitions) await partition.heal();
  await expectAgreement(room, [...said, ...(await speakAgain(room))]);
});

/** Older ones are resolved by other rules: version 1 by its own, all before 12 not by those of 12. */
const OLDER = ['1', '2', '6', '10', '11'];

async function roomsOfOlderVersions(hosts: readonly Seat[]): Promise<readonly Room[]> {
  const rooms: Room[] = [];
  for (const [at, version] of OLDER.entries()) {
    rooms.push(await aRoomOfThree(hosts[at % hosts.length] ?? 'eyrie', { room_version: version }));
  }
  return rooms;
}

test(
  `rooms of versions ${OLDER.join(', ')} fork while an Eyrie is stopped; back, all three agree`,
  { timeout: TEST_MS },
  async () => {
    const rooms = await roomsOfOlderVersions(['synapse', 'eyrie', 'other']);
    await trio.server('eyrie').stop();
    const partition = await trio.partition('other');
    const said = new Map<Room, string[]>();
    for (const room of rooms) {
      const { roomId, members } = room;
      const both = [...(await goOn(members.other, roomId, 'olga')), ...(await goOn(members.synapse, roomId, 'sam'))];
      said.set(room, both);
    }
    await partition.heal();
    for (const { roomId, members } of rooms) await members.other.send(roomId, 'together');
    for (const { roomId, members } of rooms) {
      const isThere = () => textsOf(members.synapse.room(roomId).timeline).includes('together');
      await members.synapse.sees('the other side of the fork', isThere, CATCH_UP_MS);
    }
    await trio.server('eyrie').start();
    for (const room of rooms) said.get(room)?.push('together', ...(await speakAgain(room)));
    for (const room of rooms) await expectAgreement(room, said.get(room) ?? []);
  },
);

test(
  `rooms of versions ${OLDER.join(', ')} fork three ways while all are cut off; back, all three agree`,
  { timeout: TEST_MS },
  async () => {
    const rooms = await roomsOfOlderVersions(['eyrie', 'synapse']);
    const partitions = [await trio.partition('eyrie'), await trio.partition('other')];
    const said = new Map<Room, string[]>();
    for (const room of rooms) {
      const { eyrie, other, synapse } = room.members;
      const all = [];
      for (const [member, name] of [
        [synapse, 'sam'],
        [eyrie, 'erin'],
        [other, 'olga'],
      ] as const) {
        all.push(...(await goOn(member, room.roomId, name)));
      }
      said.set(room, all);
    }
    for (const partition of partitions) await partition.heal();
    for (const room of rooms) said.get(room)?.push(...(await speakAgain(room)));
    for (const room of rooms) await expectAgreement(room, said.get(room) ?? []);
  },
);
