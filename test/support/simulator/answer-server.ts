import type { RoomClient } from '../../../src/durable/room/client.ts';
import { notFound } from '../../../src/matrix/error.ts';
import type { EventId, RoomId, ServerName, UserId } from '../../../src/matrix/ids/brands.ts';
import { canonicalJson } from '../../../src/matrix/json/canonical-json.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';
import { receiveInvite, type InviteDeps } from '../../../src/rooms/receive-invite.ts';
import { receiveJoin, receiveMembership, type MembershipDeps } from '../../../src/rooms/receive-membership.ts';
import { requireKnownRoomVersion } from '../../../src/rooms/known-room-version.ts';
import type { Arriving } from './network.ts';

type Answers = 'joinAnswer' | 'stateForServer' | 'stateIdsForServer';

/** A simulated room gives the text of an answer where a real one gives a stream of it. */
export type AnsweringRooms = Omit<RoomClient, Answers> & {
  readonly [Method in Answers]: (call: Parameters<RoomClient[Method]>[0]) => Promise<string>;
};

type Deps = Omit<InviteDeps, 'rooms'> &
  Omit<MembershipDeps, 'rooms'> & {
    readonly rooms: AnsweringRooms;
    /** Throws `M_NOT_FOUND`. */
    readonly roomOf: (eventId: EventId) => RoomId;
    readonly receive: (origin: ServerName, body: JsonObject | undefined) => Promise<string>;
  };

type Answer = (deps: Deps, request: Arriving) => Promise<string>;

/** What the endpoints for other servers answer, as JSON text. Throws what they refuse. */
export async function answerServer(deps: Deps, request: Arriving): Promise<string> {
  const operation = request.path[1] ?? '';
  const run = answers[operation];
  if (run === undefined) throw new Error(`nobody answers ${operation}`);
  return run(deps, request);
}

const answers: Readonly<Record<string, Answer>> = {
  send: ({ receive }, { origin, body }) => receive(origin, body),

  event: async ({ rooms, roomOf }, { origin, path: [, , eventId] }) => {
    const asked = { roomId: roomOf(eventId as EventId), origin, eventId: eventId as EventId };
    return `{"pdus":[${await rooms.eventForServer(asked)}]}`;
  },

  get_missing_events: async (deps, request) => {
    const { origin, body } = request;
    const events = await deps.rooms.missingEventsForServer({
      roomId: await knownRoom(deps, request),
      origin,
      earliest: idsIn(body, 'earliest_events'),
      latest: idsIn(body, 'latest_events'),
      limit: Number(body?.['limit'] ?? 10),
      minDepth: Number(body?.['min_depth'] ?? 0),
    });
    return `{"events":[${events.join(',')}]}`;
  },

  backfill: async (deps, request) => {
    const { origin, query } = request;
    const from = query.getAll('v') as EventId[];
    const limit = Number(query.get('limit'));
    const pdus = await deps.rooms.backfillForServer({ roomId: await knownRoom(deps, request), origin, from, limit });
    return `{"pdus":[${pdus.join(',')}]}`;
  },

  state_ids: async (deps, request) => {
    const eventId = request.query.get('event_id') as EventId;
    const asked = { roomId: await knownRoom(deps, request), origin: request.origin, eventId };
    return deps.rooms.stateIdsForServer(asked);
  },

  state: async (deps, request) => {
    const eventId = request.query.get('event_id') as EventId;
    const asked = { roomId: await knownRoom(deps, request), origin: request.origin, eventId };
    return deps.rooms.stateForServer(asked);
  },

  make_join: (deps, request) => template(deps, request, 'join'),

  make_leave: (deps, request) => template(deps, request, 'leave'),

  send_join: (deps, request) => receiveJoin(deps, membershipOf(request), { omitMembers: false }),

  send_leave: async (deps, request) => {
    await receiveMembership(deps, membershipOf(request), 'leave');
    return '{}';
  },

  invite: async (deps, request) => {
    const { body } = request;
    const roomVersion = body?.['room_version'];
    const event = await receiveInvite(deps, {
      ...membershipOf(request),
      event: body?.['event'],
      roomVersion: typeof roomVersion === 'string' ? roomVersion : '',
      inviteRoomState: body?.['invite_room_state'],
    });
    return `{"event":${event}}`;
  },
};

async function template(deps: Deps, request: Arriving, membership: 'join' | 'leave'): Promise<string> {
  const made = await deps.rooms.makeMembership({
    roomId: await knownRoom(deps, request),
    origin: request.origin,
    userId: request.path[3] as UserId,
    membership,
    ...(membership === 'join' ? { supported: request.query.getAll('ver') } : {}),
  });
  return `{"room_version":"${made.roomVersion}","event":${canonicalJson(made.event)}}`;
}

const membershipOf = ({ origin, path: [, , roomId, eventId], body }: Arriving) => ({
  origin,
  roomId: roomId as RoomId,
  eventId: eventId as EventId,
  event: body,
});

async function knownRoom({ knownRooms }: Deps, { path: [, , roomId] }: Arriving): Promise<RoomId> {
  if (roomId === undefined) throw notFound('no room is named');
  await requireKnownRoomVersion(knownRooms, roomId as RoomId);
  return roomId as RoomId;
}

function idsIn(body: JsonObject | undefined, field: string): readonly EventId[] {
  const ids = body?.[field];
  return Array.isArray(ids) ? (ids as EventId[]) : [];
}
