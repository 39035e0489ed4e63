import type { MiddlewareHandler } from 'hono';

import type { RoomClient } from '../../durable/room/client.ts';
import type { SigningKey } from '../../matrix/crypto/ed25519.ts';
import type { EventId, RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { KnownRooms } from '../../rooms/known-room-version.ts';
import type { BindingDeps } from '../../rooms/third-party/ports.ts';
import type { RoomLimits } from '../../rooms/room-limits.ts';
import type { Aliases, LocalUsers, PduChecker, RoomRegistry } from '../../rooms/ports.ts';
import type { RequireServer } from '../middleware/require-server.ts';

/** What of a room other servers ask. */
export type RoomsForServers = Pick<
  RoomClient,
  | 'acceptMembership'
  | 'backfillForServer'
  | 'eventAuthForServer'
  | 'eventForServer'
  | 'isJoined'
  | 'joinConditions'
  | 'joinAnswer'
  | 'joinedServers'
  | 'knockRoomState'
  | 'makeMembership'
  | 'missingEventsForServer'
  | 'receiveInvite'
  | 'stateForServer'
  | 'stateIdsForServer'
>;

/** What the endpoints about rooms need, each of them a part. */
export interface FederationRoomDeps {
  readonly serverName: ServerName;
  readonly requireServer: RequireServer;
  /** Of routes that are open to callers who do not sign. */
  readonly requireFederation: MiddlewareHandler;
  /** Of what anybody may ask, and has us ask other servers. */
  readonly limitStrangers: MiddlewareHandler;
  readonly thirdParty: BindingDeps;
  readonly rooms: RoomsForServers;
  readonly knownRooms: KnownRooms;
  readonly registry: Pick<RoomRegistry, 'add' | 'setVersion'>;
  readonly pdus: PduChecker;
  readonly users: Pick<LocalUsers, 'shardOf' | 'blocksInvites' | 'mayFederate'>;
  readonly aliases: Pick<Aliases, 'find'>;
  readonly profiles: {
    /** What other servers may know of a local user, or that one field of it; `undefined` where there is none. */
    local(userId: UserId, field: string | undefined): Promise<JsonObject | undefined>;
  };
  /** The room of an event that this server has; an event that was just made may not be found yet. */
  readonly roomOfEvent: (eventId: EventId) => Promise<RoomId | undefined>;
  /** Rooms that the server was lately sent events of, or has asked about; at most 16. Cannot fail. */
  readonly latestRooms: (origin: ServerName) => Promise<readonly RoomId[]>;
  readonly signingKey: () => Promise<SigningKey>;
  readonly roomLimits: () => Promise<RoomLimits>;
  /** The server shares a room with us now. Its failure changes nothing. */
  readonly onSharedRoom: (origin: ServerName) => Promise<void>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly after: (delayMs: number) => Promise<void>;
}
