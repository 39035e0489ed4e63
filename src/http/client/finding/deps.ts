import type { ServerName } from '../../../matrix/ids/brands.ts';
import type { RemoteFinding } from '../../../rooms/finding/ports.ts';
import type { LocalRooms } from '../../../rooms/finding/published-rooms.ts';
import type { RequireUser } from '../from-user.ts';

/** What the endpoints that find rooms are made of. Refusals are thrown as MatrixError. */
export interface FindingDeps {
  readonly serverName: ServerName;
  readonly requireUser: RequireUser;
  readonly localRooms: LocalRooms;
  readonly remote: RemoteFinding;
}
