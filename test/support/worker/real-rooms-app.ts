import { env } from 'cloudflare:workers';

import { readConfig, type Env } from '../../../src/config.ts';
import { objectStubs } from '../../../src/durable/objects.ts';
import { roomClient } from '../../../src/durable/room/client.ts';
import { serverKeysOf } from '../../../src/durable/server-keys.ts';
import { shardClient } from '../../../src/durable/user/client.ts';
import { missingToken } from '../../../src/matrix/error.ts';
import { parseUserId } from '../../../src/matrix/ids/user-id.ts';
import type { RoomId, UserId } from '../../../src/matrix/ids/brands.ts';
import { aRoomsDeps, requester } from './a-rooms-app.ts';

const bindings = env as unknown as Env;
const config = readConfig(bindings);
const { serverName } = config;
const stubs = objectStubs(bindings, config);
export const realRooms = roomClient(stubs);
const shard = shardClient(stubs);
export const [alice, bob] = [`@alice:${serverName}` as UserId, `@bob:${serverName}` as UserId] as const;

/** The routes over the real room objects and shards; who asks is told by the header. */
export function realRoomsApp() {
  const { deps } = aRoomsDeps();
  const registered = new Set<RoomId>();
  const ask = requester({
    ...deps,
    requireUser: async (c, next) => {
      const userId = parseUserId(c.req.header('authorization') ?? '');
      if (!userId.ok) throw missingToken('No token');
      c.set('requester', {
        userId: userId.value,
        deviceId: 'D',
        shard: 'real',
        isAdmin: false,
        isSuspended: false,
        isGuest: false,
        token: 'x',
      });
      await next();
    },
    rooms: {
      ...deps.rooms,
      serverName,
      rooms: realRooms,
      registry: {
        has: async (roomId) => registered.has(roomId),
        add: async (roomId) => void registered.add(roomId),
        setVersion: async () => undefined,
        setPublished: async () => undefined,
      },
      users: {
        shardOf: async () => 'real',
        profileOf: async () => ({ displayname: 'Name' }),
        blocksInvites: async () => false,
        mayFederate: async () => true,
      },
      signingKey: () => serverKeysOf(bindings, config).active(),
      randomId: () => crypto.randomUUID(),
      now: () => Date.now(),
    },
    room: realRooms,
    shard,
    settle: async (roomId, asker) => realRooms.flush({ roomId, shard: asker.shard }),
    now: () => Date.now(),
  });
  return (user: string) => (method: string, path: string, body?: unknown) =>
    ask(method, path, body, { authorization: user });
}
