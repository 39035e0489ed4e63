import type { EventId, RoomId, ServerName } from '../../matrix/ids/brands.ts';
import type { RoomVersionRules } from '../../matrix/room-versions/rules.ts';

/** The room that events are received for, and who sent them. */
export interface ReceivingRoom {
  readonly roomId: RoomId;
  readonly rules: RoomVersionRules;
  readonly origin: ServerName;
  /** Of the events received: those that we asked for at an earlier time, as the parents of others. */
  readonly pulled?: ReadonlySet<EventId>;
}
