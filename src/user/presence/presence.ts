import type { UserId } from '../../matrix/ids/brands.ts';

export type PresenceState = 'online' | 'unavailable' | 'offline';

/** What others see of a user. Source: Client-Server API, "m.presence". */
export interface Presence {
  readonly userId: UserId;
  readonly presence: PresenceState;
  readonly statusMsg?: string;
  /** When the user last did something, in milliseconds since the epoch. */
  readonly activeTs?: number;
  /** Of who is online: that `activeTs` moves on is not told. */
  readonly currentlyActive: boolean;
}

/** A device that syncs, or says how its user is. */
export interface DeviceUse {
  readonly state: 'online' | 'unavailable';
  /** Until when (ms) its poll is held, or when it was last heard of. */
  readonly at: number;
}

/** Between two polls of a client. */
const GRACE_MS = 30_000;
/** Source: Client-Server API, "Idle timeout". */
const IDLE_MS = 300_000;
const ACTIVE_MS = 60_000;

/** How a user is by the use of their devices. */
export function presenceBy(
  uses: readonly DeviceUse[],
  activeTs: number,
  now: number,
): Pick<Presence, 'presence' | 'currentlyActive'> {
  const live = uses.filter(({ at }) => now - at < GRACE_MS);
  if (live.length === 0) return { presence: 'offline', currentlyActive: false };
  const isOnline = live.some(({ state }) => state === 'online') && now - activeTs < IDLE_MS;
  return { presence: isOnline ? 'online' : 'unavailable', currentlyActive: isOnline && now - activeTs < ACTIVE_MS };
}

/** Whether others are told; not of each step of `activeTs`. */
export function isSamePresence(one: Presence, other: Presence): boolean {
  return (
    one.presence === other.presence &&
    one.statusMsg === other.statusMsg &&
    one.currentlyActive === other.currentlyActive
  );
}
