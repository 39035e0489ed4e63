import type { MiddlewareHandler } from 'hono';

import type { RoomId, ServerName, UserId } from '../../../matrix/ids/brands.ts';
import type { RemoteFinding } from '../../../rooms/finding/ports.ts';
import type { TimeDeps } from '../../../rooms/finding/event-by-time.ts';
import type { MutualRoomsDeps } from '../../../rooms/finding/mutual-rooms.ts';
import type { LocalRooms } from '../../../rooms/finding/published-rooms.ts';
import type { SearchDeps } from '../../../rooms/finding/search-messages.ts';
import type { UserSearchDeps } from '../../../rooms/finding/search-users.ts';
import type { SpaceDeps } from '../../../rooms/finding/walk-space.ts';
import type { Requester, RequireUser } from '../from-user.ts';

/** What the endpoints that find rooms are made of. Refusals are thrown as MatrixError. */
export interface FindingDeps {
  readonly serverName: ServerName;
  readonly requireUser: RequireUser;
  readonly localRooms: LocalRooms;
  readonly remote: RemoteFinding;
  readonly spaces: SpaceDeps;
  readonly times: TimeDeps;
  /** `undefined`: the deployment has no database of search. */
  readonly search: SearchDeps | undefined;
  /** Stands behind `requireUser`. */
  readonly limitSearches: MiddlewareHandler;
  readonly users: UserSearchDeps;
  readonly mutual: MutualRoomsDeps;
  readonly ignoredUsers: (asker: Requester) => Promise<readonly UserId[]>;
  /** The room that a path names, and servers that may know it. Throws `M_INVALID_PARAM`, `M_NOT_FOUND`. */
  readonly named: (text: string) => Promise<{ readonly roomId: RoomId; readonly servers: readonly ServerName[] }>;
}
