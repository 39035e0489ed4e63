import { Hono } from 'hono';

import type { Requester } from '../../../src/http/client/from-user.ts';
import type { RoomRoutesDeps } from '../../../src/http/client/room-routes-deps.ts';
import { roomRoutes } from '../../../src/http/client/rooms-router.ts';
import { forbidden, MatrixError, missingToken, notFound, roomInUse, unavailable } from '../../../src/matrix/error.ts';
import type { RoomAlias, RoomId, ServerName, UserId } from '../../../src/matrix/ids/brands.ts';
import type { RemoteServers } from '../../../src/rooms/ports.ts';
import type { RoomLimits } from '../../../src/rooms/room-limits.ts';
import { aServer } from '../core/test-keys.ts';

export const alice = {
  userId: '@alice:us.test' as UserId,
  deviceId: 'PHONE',
  shard: 'one',
  isAdmin: false,
  isSuspended: false,
  isGuest: false,
  token: 'x',
} satisfies Requester;
export const room = '!room:us.test' as RoomId;
export const here = encodeURIComponent(room);

interface Answers {
  /** State events that alice may read, by `type` and state key. */
  readonly state?: Readonly<Record<string, { readonly sender: UserId; readonly content: object }>>;
  readonly room?: Partial<RoomRoutesDeps['room']>;
  readonly shard?: Partial<ReturnType<RoomRoutesDeps['shard']>>;
  readonly remote?: Partial<RemoteServers>;
  readonly identity?: Partial<RoomRoutesDeps['identity']>;
  /** `false`: no join over another server may begin. */
  readonly hasTicket?: boolean;
  readonly roomVersion?: string;
  readonly lifecycle?: string;
  readonly isAdmin?: boolean;
  readonly backfill?: RoomRoutesDeps['backfill'];
  readonly roomLimits?: Partial<RoomLimits>;
  readonly aliases?: Readonly<Record<string, { readonly roomId: RoomId; readonly creator: UserId }>>;
}

/** A port that notes each call and answers as told, or with what a room that accepts everything would. */
function recorder(calls: unknown[][], name: string, answers: object): never {
  return new Proxy(
    {},
    {
      get: (_target, method: string) =>
        method === 'then'
          ? undefined
          : async (...args: unknown[]) => {
              calls.push([`${name}.${method}`, ...args]);
              const answer = (answers as Record<string, ((...given: unknown[]) => unknown) | undefined>)[method];
              if (answer === undefined) throw new Error(`${name}.${method} was not expected`);
              return answer(...args);
            },
    },
  ) as never;
}

/** Asks the routes over these ports as a client would. */
export function requester(deps: RoomRoutesDeps) {
  const app = new Hono().route('/', roomRoutes(deps)).onError((error, c) => {
    if (!(error instanceof MatrixError)) throw error;
    return c.json({ errcode: error.errcode, error: error.message }, error.status as 400);
  });
  return async (method: string, path: string, body?: unknown, headers: HeadersInit = { authorization: 'x' }) => {
    const response = await app.request(`/_matrix/client/v3${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.status, json: await response.json<Record<string, unknown>>() };
  };
}

/** Ports that note what they are asked. The only registered room is {@link room}. */
export function aRoomsDeps(answers: Answers = {}) {
  const calls: unknown[][] = [];
  const sent = { eventId: '$sent', pos: 7 };
  const roomAnswers = {
    status: () => ({
      lifecycle: answers.lifecycle ?? 'live',
      roomVersion: answers.roomVersion ?? '11',
      head: 5,
      isJoining: false,
    }),
    send: () => sent,
    changeMembership: () => sent,
    joinConditions: () => undefined,
    grantingServers: () => [],
    create: () => sent,
    receipt: () => undefined,
    forgetUser: () => undefined,
    typing: () => undefined,
    joinedServers: () => ['us.test', 'them.test'],
    readStateEvent: ({ type, stateKey }: { type: string; stateKey: string }) => {
      const event = answers.state?.[`${type} ${stateKey}`];
      if (event === undefined) throw notFound('The room has no such state');
      return { event_id: '$state', type, state_key: stateKey, origin_server_ts: 1, ...event };
    },
    ...answers.room,
  };
  const aliases = new Map(Object.entries(answers.aliases ?? {}));
  const deps: RoomRoutesDeps = {
    requireUser: async (c, next) => {
      if (c.req.header('authorization') === undefined) throw missingToken('No token');
      c.set('requester', { ...alice, isAdmin: answers.isAdmin ?? false });
      await next();
    },
    limitSending: async (_c, next) => {
      calls.push(['limitSending']);
      await next();
    },
    rooms: {
      serverName: 'us.test' as ServerName,
      rooms: recorder(calls, 'room', roomAnswers),
      remote: recorder(calls, 'remote', answers.remote ?? {}),
      tickets: { hold: (_user, work) => (answers.hasTicket === false ? Promise.reject(unavailable('busy')) : work()) },
      pdus: recorder(calls, 'pdus', {}),
      registry: {
        has: async (roomId) => roomId === room,
        add: async () => undefined,
        setVersion: async () => undefined,
        setPublished: async (...args) => void calls.push(['registry.setPublished', ...args]),
      },
      aliases: {
        resolve: async (alias) => aliases.get(alias)?.roomId,
        find: async (alias) => aliases.get(alias)?.roomId,
        reserve: async (alias, roomId, creator) => {
          if (aliases.has(alias)) throw roomInUse('taken');
          aliases.set(alias, { roomId, creator });
        },
        activate: async () => undefined,
        remove: async (alias) => void aliases.delete(alias),
      },
      receive: async (...args) => void calls.push(['receive', ...args]),
      users: {
        shardOf: async () => 'two',
        profileOf: async () => ({ displayname: 'Name' }),
        blocksInvites: async () => false,
        mayFederate: async () => true,
      },
      signingKey: async () => aServer('us.test').signingKey,
      defaultRoomVersion: async () => '11',
      roomLimits: async () => ({ maxPublicMembers: 0, encrypted: true, nonPrivate: true, ...answers.roomLimits }),
      now: () => 1000,
      after: async () => undefined,
      randomId: () => 'random',
    },
    identity: recorder(calls, 'identity', answers.identity ?? {}),
    room: recorder(calls, 'room', roomAnswers),
    shard: (name) =>
      recorder(calls, `shard ${name}`, {
        joinedRooms: () => [room],
        positionAt: () => 40,
        forgetRoom: () => true,
        accountData: () => undefined,
        putAccountData: () => undefined,
        ...answers.shard,
      }),
    epoch: async () => 'e1',
    directory: {
      entry: async (alias) => aliases.get(alias),
      aliasesOf: async (roomId) =>
        [...aliases].filter(([, entry]) => entry.roomId === roomId).map(([alias]) => alias as RoomAlias),
      isPublished: async () => false,
    },
    upgrades: recorder(calls, 'upgrades', {}),
    joined: async () => undefined,
    settle: async (roomId, asker, pos) => void calls.push(['settle', roomId, asker.shard, pos]),
    backfill: answers.backfill ?? (async () => false),
    now: () => 1000,
  };
  return { deps, calls, aliases };
}

/** The routes about rooms over {@link aRoomsDeps}. */
export function aRoomsApp(answers: Answers = {}) {
  const { deps, calls, aliases } = aRoomsDeps(answers);
  const request = requester(deps);
  const asked = (name: string): unknown[] => calls.filter(([called]) => called === name).map(([, call]) => call);
  return { request, calls, asked, aliases };
}

/** The refusal of somebody who is not in the room. */
export const refuse = () => {
  throw forbidden('You are not in this room');
};
