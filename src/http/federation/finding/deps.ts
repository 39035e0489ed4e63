import type { RoomClient } from '../../../durable/room/client.ts';
import type { KnownRooms } from '../../../rooms/known-room-version.ts';
import type { FindingRooms } from '../../../rooms/finding/ports.ts';
import type { LocalRooms } from '../../../rooms/finding/published-rooms.ts';
import type { RequireServer } from '../../middleware/require-server.ts';

/** What the endpoints need by which other servers find rooms. */
export interface FederationFindingDeps {
  readonly requireServer: RequireServer;
  readonly localRooms: LocalRooms;
  readonly spaces: FindingRooms;
  readonly knownRooms: KnownRooms;
  readonly timed: Pick<RoomClient, 'eventByTimeForServer'>;
}
