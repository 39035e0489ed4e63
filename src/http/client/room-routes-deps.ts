import type { MiddlewareHandler } from 'hono';

import type { RoomClient } from '../../durable/room/client.ts';
import type { ShardClient } from '../../durable/user/client.ts';
import type { EventId, RoomId } from '../../matrix/ids/brands.ts';
import type { Asker, RoomsDeps } from '../../rooms/ports.ts';
import type { IdentityServers } from '../../rooms/third-party/ports.ts';
import type { LocalDirectory } from '../../rooms/room-aliases.ts';
import type { UpgradeDeps } from '../../rooms/upgrade/upgrade-room.ts';
import type { RequireUser } from './from-user.ts';

/** What the endpoints about rooms are made of. Refusals are thrown as MatrixError. */
export interface RoomRoutesDeps {
  readonly requireUser: RequireUser;
  /** Stands behind `requireUser`: throws `M_LIMIT_EXCEEDED`. */
  readonly limitSending: MiddlewareHandler;
  readonly rooms: RoomsDeps;
  readonly identity: IdentityServers;
  readonly room: Pick<
    RoomClient,
    | 'status'
    | 'send'
    | 'changeMembership'
    | 'receipt'
    | 'forgetUser'
    | 'typing'
    | 'readMessages'
    | 'readContext'
    | 'readState'
    | 'readStateEvent'
    | 'readMembers'
    | 'readJoinedMembers'
    | 'readEvent'
    | 'readRelations'
    | 'readThreads'
    | 'joinedServers'
  >;
  readonly shard: (
    shard: string,
  ) => Pick<
    ShardClient,
    'joinedRooms' | 'roomAccountData' | 'forgetRoom' | 'positionAt' | 'accountData' | 'putAccountData'
  >;
  /** Of sync tokens. */
  readonly epoch: () => Promise<string>;
  readonly directory: LocalDirectory;
  readonly upgrades: UpgradeDeps;
  /** After a user has joined a room. */
  readonly joined: (asker: Asker, roomId: RoomId) => Promise<void>;
  /** Returns once the asker's own shard has the room's stream up to `pos`, or after a bounded wait. */
  readonly settle: (roomId: RoomId, asker: Asker, pos: number) => Promise<void>;
  /** Fetches what lies below holes of the history. @returns whether there is something new to read; never rejects. */
  readonly backfill: (roomId: RoomId, holes: readonly EventId[], limit: number) => Promise<boolean>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}
