import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';

import { createPduChecker } from '../../../src/federation/receive/pdu-checker.ts';
import type { FederationRoomDeps } from '../../../src/http/federation/room-routes-deps.ts';
import { federationRoomRoutes } from '../../../src/http/federation/rooms-router.ts';
import type { FromServer } from '../../../src/http/middleware/require-server.ts';
import { MatrixError, notFound } from '../../../src/matrix/error.ts';
import type { EventId, RoomAlias, RoomId, ServerName, UserId } from '../../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';
import { parseJson } from '../../../src/matrix/json/strict-json.ts';
import { aServer, type TestServer } from '../core/test-keys.ts';
import { keysOf } from './a-remote-room.ts';

export const us = aServer('us.test');
export const peer = aServer('peer.test');
export const roomId = '!room:peer.test' as RoomId;
export const bob = '@bob:us.test' as UserId;

/** Stands for the check of signatures of requests, which has tests of its own. */
const from = (origin: ServerName) =>
  createMiddleware<FromServer>(async (c, next) => {
    const text = await c.req.text();
    const body = text === '' ? undefined : parseJson(text);
    if (body?.ok === false) throw new Error('a test sent what is no JSON');
    c.set('requester', { origin });
    c.set('body', body?.value);
    await next();
  });

interface World {
  /** What a room answers, by method; where there is nothing, it is not ours. */
  readonly room?: Partial<FederationRoomDeps['rooms']>;
  /** Our rooms and their versions. */
  readonly versions?: Readonly<Record<RoomId, string>>;
  readonly deps?: Partial<FederationRoomDeps>;
  /** Who asks. */
  readonly asker?: TestServer;
  /** Servers whose keys can be fetched, besides us and who asks. */
  readonly servers?: readonly TestServer[];
}

/** The endpoints about rooms over fakes that note what they are asked. */
export function aFederationApp(world: World = {}) {
  const { room = {}, versions = { [roomId]: '11' }, deps = {}, asker = peer, servers = [] } = world;
  const calls: { readonly method: string; readonly call: unknown }[] = [];
  const rooms = new Proxy({} as FederationRoomDeps['rooms'], {
    get: (_target, method: string) => async (call: never) => {
      if (method === 'joinConditions' && room.joinConditions === undefined) return undefined;
      calls.push({ method, call });
      const answer = room[method as keyof typeof room] as ((call: never) => Promise<unknown>) | undefined;
      if (answer === undefined) throw notFound('This server is not in that room');
      return answer(call);
    },
  });
  const app = new Hono()
    .route(
      '/',
      federationRoomRoutes({
        serverName: us.name,
        requireServer: from(asker.name),
        requireFederation: (_c, next) => next(),
        limitStrangers: (_c, next) => next(),
        thirdParty: new Proxy({} as FederationRoomDeps['thirdParty'], {
          get: (_target, part: string) => {
            throw new Error(`thirdParty.${part} was not expected`);
          },
        }),
        rooms,
        knownRooms: { versionOf: async (id) => versions[id] },
        registry: {
          add: async (id, version) => void calls.push({ method: 'register', call: [id, version] }),
          setVersion: async (id, version) => void calls.push({ method: 'setVersion', call: [id, version] }),
        },
        roomLimits: async () => ({ maxPublicMembers: 0, encrypted: true, nonPrivate: true }),
        pdus: createPduChecker({ keys: keysOf(us, asker, ...servers), late: () => new Promise(() => undefined) }),
        users: {
          shardOf: async (userId) => (userId === bob ? 's1' : undefined),
          blocksInvites: async () => false,
          mayFederate: async () => true,
        },
        aliases: { find: async (alias) => (alias === ('#known:us.test' as RoomAlias) ? roomId : undefined) },
        profiles: { local: async (userId) => (userId === bob ? { displayname: 'Bob' } : undefined) },
        roomOfEvent: async () => undefined,
        latestRooms: async () => [],
        signingKey: async () => us.signingKey,
        onSharedRoom: async (origin) => void calls.push({ method: 'onSharedRoom', call: origin }),
        now: () => 1_700_000_000_000,
        after: async () => undefined,
        ...deps,
      }),
    )
    .onError((error, c) =>
      error instanceof MatrixError
        ? c.json({ errcode: error.errcode, error: error.message, ...error.extra }, error.status as 400)
        : c.text(error.message, 500),
    );
  const get = (path: string) => app.request(`https://us.test/_matrix/federation${path}`);
  const put = (path: string, body: JsonObject) =>
    app.request(`https://us.test/_matrix/federation${path}`, { method: 'PUT', body: JSON.stringify(body) });
  const post = (path: string, body: JsonObject) =>
    app.request(`https://us.test/_matrix/federation${path}`, { method: 'POST', body: JSON.stringify(body) });
  return { app, calls, get, put, post };
}

/** Status and errcode of a refusal. */
export async function refusal(response: Response): Promise<string> {
  const { errcode } = await response.json<{ errcode: string }>();
  return `${response.status} ${errcode}`;
}

export const eventPath = (start: string, eventId: EventId, room: RoomId = roomId) =>
  `${start}/${encodeURIComponent(room)}/${encodeURIComponent(eventId)}`;
