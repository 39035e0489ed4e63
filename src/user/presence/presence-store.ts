import type { UserId } from '../../matrix/ids/brands.ts';
import type { Presence } from './presence.ts';

/** What was last told of the shard's own users: a row each, written when that changes and never for an event. */
export interface PresenceStore {
  get(userId: UserId): Presence | undefined;
  put(presence: Presence): void;
  remove(userId: UserId): void;
  /** Who is not offline. */
  present(): readonly Presence[];
}
