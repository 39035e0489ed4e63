import type { JsonObject } from '../json/json-value.ts';

/** The value of `m.room.history_visibility`. Source: Client-Server API, "Room History Visibility". */
export type HistoryVisibility = 'world_readable' | 'shared' | 'invited' | 'joined';

/** A user's membership; somebody who never had one counts as `leave`. */
export type Membership = 'join' | 'invite' | 'knock' | 'leave' | 'ban';

/**
 * @param content the content of the `m.room.history_visibility` event, `undefined` where the room has none.
 * @returns `shared` for what is not set or not understood. Source: "Room History Visibility", "Server behaviour".
 */
export function readHistoryVisibility(content: JsonObject | undefined): HistoryVisibility {
  const value = content?.history_visibility;
  switch (value) {
    case 'world_readable':
    case 'invited':
    case 'joined':
      return value;
    default:
      return 'shared';
  }
}

/** What held at an event; where the event itself is what changed it, `before` and `after` differ. */
export interface AroundEvent<T> {
  readonly before: T;
  /** Only for the event that changes the value: the visibility event, the user's own membership event. */
  readonly after?: T;
}

/** One user's relation to one event. */
export interface UserSight {
  readonly membership: AroundEvent<Membership>;
  /** Whether the user joined the room at any point after the event. */
  readonly joinedLater: boolean;
}

/**
 * Whether a user may see an event, by the state of the room at that event. What the user received no more because they
 * had left by then is the reader's business: it cuts what it reads where the user stopped being joined.
 * @param visibility at the event; for a `m.room.history_visibility` event also the one it sets.
 * @param sight for the user's own `m.room.member` event also the membership it sets.
 * Source: Client-Server API, "Room History Visibility", "Server behaviour", rules 1 to 5 and what follows them.
 */
export function mayUserSee(visibility: AroundEvent<HistoryVisibility>, sight: UserSight): boolean {
  return bothOf(visibility).some((setting) =>
    bothOf(sight.membership).some((membership) => allows(setting, membership, sight.joinedLater)),
  );
}

/**
 * Whether a server may be given an event: if it is for everybody, or if any of its users may see it.
 * @param sights of the server's users who are or were in the room or invited to it.
 * Source: Client-Server API, "Room History Visibility", applied to all users of a server.
 */
export function mayServerSee(visibility: AroundEvent<HistoryVisibility>, sights: Iterable<UserSight>): boolean {
  if (bothOf(visibility).includes('world_readable')) return true;
  for (const sight of sights) if (mayUserSee(visibility, sight)) return true;
  return false;
}

function bothOf<T>({ before, after }: AroundEvent<T>): readonly T[] {
  return after === undefined ? [before] : [before, after];
}

function allows(visibility: HistoryVisibility, membership: Membership, joinedLater: boolean): boolean {
  if (visibility === 'world_readable' || membership === 'join') return true;
  if (visibility === 'shared') return joinedLater;
  return visibility === 'invited' && membership === 'invite';
}
