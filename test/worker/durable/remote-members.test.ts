import { expect, test } from 'vitest';

import { RemoteMembers } from '../../../src/durable/remote-members.ts';
import { notFound } from '../../../src/matrix/error.ts';
import type { RoomId, ServerName, UserId } from '../../../src/matrix/ids/brands.ts';

const [one, two] = ['!one:eyrie.test', '!two:eyrie.test'] as [RoomId, RoomId];
const eve = '@eve:peer.example' as UserId;

/** Two shards that hear of memberships, and rooms that are asked. */
class Bench {
  readonly shards: Record<string, { seq: number; readonly changed: Map<RoomId, number>; isAway?: boolean }> = {
    u1: { seq: 1, changed: new Map([[one, 1]]) },
  };
  readonly rooms = new Map<RoomId, readonly UserId[]>([[one, [eve]]]);
  readonly asked: RoomId[] = [];
  found: readonly RoomId[] | 'away' = [one];
  readonly members = new RemoteMembers({
    server: 'peer.example' as ServerName,
    rooms: {
      membersOfServer: async ({ roomId }) => {
        this.asked.push(roomId);
        const users = this.rooms.get(roomId);
        if (users === undefined) throw notFound('none of ours');
        return { users, shards: ['u1'] };
      },
      membershipsOf: async () => ({}),
      joinedUsers: async () => [],
    },
    shards: (name) => {
      const shard = this.shards[name];
      if (shard === undefined || shard.isAway === true) throw new Error('away');
      return {
        roomsWithNewMembers: async () => [],
        membersChangedSince: async ({ seq }) => ({
          seq: shard.seq,
          roomIds: seq === undefined ? [] : [...shard.changed].flatMap(([room, at]) => (at > seq ? [room] : [])),
        }),
      };
    },
    shardNames: async () => Object.keys(this.shards),
    findRooms: async () => {
      if (this.found === 'away') throw new Error('away');
      return this.found;
    },
  });

  changes(shard: string, roomId: RoomId): void {
    const held = (this.shards[shard] ??= { seq: 0, changed: new Map() });
    held.seq += 1;
    held.changed.set(roomId, held.seq);
  }

  /** What is found in a round, and which rooms were asked. */
  async round(): Promise<{ isWhole: boolean; in: readonly RoomId[]; asked: readonly RoomId[] }> {
    this.asked.length = 0;
    const { roomIds, isWhole } = await this.members.candidates();
    const present: RoomId[] = [];
    for (const roomId of roomIds) {
      if ((await this.members.membersOf(roomId, [eve])).users.length > 0) present.push(roomId);
    }
    return { isWhole, in: present, asked: [...this.asked] };
  }
}

test('a room is asked again when a shard has heard of a membership in it', async () => {
  const bench = new Bench();
  expect(await bench.round()).toEqual({ isWhole: true, in: [one], asked: [one] });
  expect(await bench.round()).toEqual({ isWhole: true, in: [one], asked: [] });
  bench.rooms.set(one, []);
  bench.changes('u1', one);
  expect(await bench.round()).toEqual({ isWhole: true, in: [], asked: [one] });
});

test('a room that nobody knew of is asked when a shard names it, a new shard too', async () => {
  const bench = new Bench();
  await bench.round();
  bench.rooms.set(two, [eve]);
  bench.changes('u2', two);
  expect(await bench.round()).toEqual({ isWhole: true, in: [one, two], asked: [two] });
});

test('what a shard that was away has heard is asked for when it is back', async () => {
  const bench = new Bench();
  await bench.round();
  const shard = bench.shards['u1'] ?? { seq: 0, changed: new Map() };
  bench.shards['u1'] = { ...shard, isAway: true };
  expect(await bench.round()).toEqual({ isWhole: false, in: [one], asked: [] });
  bench.shards['u1'] = shard;
  bench.rooms.set(two, [eve]);
  bench.changes('u1', two);
  expect(await bench.round()).toEqual({ isWhole: true, in: [one, two], asked: [two] });
});

test('while the projection is away nothing counts as whole, and later it is asked', async () => {
  const bench = new Bench();
  bench.found = 'away';
  expect(await bench.round()).toEqual({ isWhole: false, in: [], asked: [] });
  bench.found = [one];
  expect(await bench.round()).toEqual({ isWhole: true, in: [one], asked: [one] });
});

test('when a shard has gone back to an earlier time all rooms are asked anew', async () => {
  const bench = new Bench();
  bench.changes('u1', one);
  await bench.round();
  bench.shards['u1'] = { seq: 1, changed: new Map([[one, 1]]) };
  expect(await bench.round()).toEqual({ isWhole: true, in: [one], asked: [one] });
});

test('a room that is none of ours any more has nobody in it, and is not asked again', async () => {
  const bench = new Bench();
  bench.rooms.delete(one);
  expect(await bench.round()).toEqual({ isWhole: true, in: [], asked: [one] });
  expect(await bench.round()).toEqual({ isWhole: true, in: [], asked: [] });
});
