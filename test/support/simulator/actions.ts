import type { EventId, RoomId, UserId } from '../../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';
import { userIdServer } from '../../../src/matrix/ids/user-id.ts';
import { inviteUser } from '../../../src/rooms/invite-user.ts';
import { joinRoom } from '../../../src/rooms/join-room.ts';
import { leaveRoom, tellRejection } from '../../../src/rooms/leave-room.ts';
import type { RoomClient } from '../../../src/durable/room/client.ts';
import type { Random } from './random.ts';
import { SHARD, type SimServer } from './sim-server.ts';

/** What users do, and how often. */
export const userActions = {
  say: 30,
  topic: 6,
  name: 3,
  power: 5,
  joinRule: 2,
  visibility: 2,
  invite: 6,
  join: 14,
  leave: 5,
  kick: 3,
  ban: 2,
  unban: 3,
  redact: 5,
} as const;

export type UserAction = keyof typeof userActions;

export interface Acting {
  readonly server: SimServer;
  readonly user: UserId;
  readonly target: UserId;
  readonly roomId: RoomId;
  readonly random: Random;
  readonly servers: readonly SimServer[];
}

/** One thing that one user tries; rejects with what the server says to it. */
export async function act(action: UserAction, acting: Acting): Promise<void> {
  const { server, user, target, roomId, random, servers } = acting;
  const rooms = server.deps.rooms as RoomClient;
  const asker = { userId: user, shard: SHARD };
  const send = (type: string, content: JsonObject, stateKey?: string, redacts?: EventId) =>
    rooms.send({
      roomId,
      draft: {
        type,
        sender: user,
        content,
        ...(stateKey === undefined ? {} : { stateKey }),
        ...(redacts === undefined ? {} : { redacts }),
      },
    });
  const change = (membership: 'kick' | 'ban' | 'unban') =>
    rooms.changeMembership({ roomId, action: membership, sender: user, target, content: {} });
  switch (action) {
    case 'say':
      await send('m.room.message', { msgtype: 'm.text', body: `${user} ${random.below(1_000_000)}` });
      return;
    case 'topic':
      await send('m.room.topic', { topic: `topic ${random.below(1_000)}` }, '');
      return;
    case 'name':
      await send('m.room.name', { name: `name ${random.below(1_000)}` }, '');
      return;
    case 'power':
      await send('m.room.power_levels', powerLevels(acting), '');
      return;
    case 'joinRule':
      await send('m.room.join_rules', { join_rule: random.pick(['public', 'public', 'invite']) }, '');
      return;
    case 'visibility': {
      const visibility = random.pick(['shared', 'shared', 'joined', 'invited', 'world_readable']);
      await send('m.room.history_visibility', { history_visibility: visibility }, '');
      return;
    }
    case 'invite':
      await inviteUser(server.deps, user, roomId, target, {});
      return;
    case 'join': {
      const via = servers.map(({ name }) => name).filter((name) => name !== server.name);
      await joinRoom(server.deps, asker, roomId, random.chance(0.5) ? via : via.toReversed(), {});
      return;
    }
    case 'leave': {
      await leave(acting);
      return;
    }
    case 'redact': {
      const eventId = someEvent(acting);
      if (eventId !== undefined) await send('m.room.redaction', { redacts: eventId }, undefined, eventId);
      return;
    }
    default:
      await change(action);
  }
}

async function leave({ server, user, roomId }: Acting): Promise<void> {
  const { lifecycle } = await server.deps.rooms.status({ roomId });
  const held = await server.deps.rooms.heldMembership({ roomId, userId: user });
  await leaveRoom(server.deps, { userId: user }, roomId, {});
  // What a duty of the room does for as long as it takes.
  if (lifecycle === 'live' || held === undefined) return;
  for (const other of held.servers) await tellRejection(server.deps, user, roomId, other);
}

function powerLevels({ server, roomId, target, random }: Acting): JsonObject {
  const room = server.rooms.get(roomId);
  if (room === undefined || !room.isBorn()) return {};
  const { store } = room;
  const held = store.state.at('m.room.power_levels', '', store.stream.head());
  const content = held === undefined ? {} : (store.events.get(held)?.pdu.content ?? {});
  const users = (content['users'] ?? {}) as JsonObject;
  return { ...content, users: { ...users, [target]: random.pick([0, 50, 50, 100]) } };
}

function someEvent({ server, roomId, random }: Acting): EventId | undefined {
  const room = server.rooms.get(roomId);
  if (room === undefined || !room.isBorn()) return undefined;
  const head = room.store.stream.head();
  const rows = room.store.stream.range(Math.max(0, head - 40), head, 40).filter(({ kind }) => kind === 'event');
  const row = rows.length === 0 ? undefined : random.pick(rows);
  return row?.kind === 'event' ? row.eventId : undefined;
}

/** The users of the server who are in the room, by the server's own state. */
export function joinedUsers(server: SimServer, roomId: RoomId): readonly UserId[] {
  const room = server.rooms.get(roomId);
  if (room === undefined || !room.isBorn() || room.store.meta.lifecycle() !== 'live') return [];
  const { state, stream } = room.store;
  return state
    .membersAt('join', stream.head())
    .map(({ userId }) => userId)
    .filter((userId) => userIdServer(userId) === server.name);
}
