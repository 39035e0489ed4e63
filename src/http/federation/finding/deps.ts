import type { LocalRooms } from '../../../rooms/finding/published-rooms.ts';
import type { RequireServer } from '../../middleware/require-server.ts';

/** What the endpoints need by which other servers find rooms. */
export interface FederationFindingDeps {
  readonly requireServer: RequireServer;
  readonly localRooms: LocalRooms;
}
