import type { UserId } from '../../matrix/ids/brands.ts';
import { isSamePresence, presenceBy, type DeviceUse, type Presence, type PresenceState } from './presence.ts';
import type { PresenceStore } from './presence-store.ts';

interface Known {
  readonly devices: Map<string, DeviceUse>;
  /** Those that said how their user is since they last synced: their poll, which is still held, counts no more. */
  readonly said: Set<string>;
  activeTs: number;
}

/** A poll that is held right now. */
export interface HeldPoll {
  readonly deviceId: string;
  readonly state: DeviceUse['state'];
}

/** Devices of one user that are remembered. */
const MAX_DEVICES = 20;

/**
 * How the users of a shard are. What their devices do is in memory only: a shard that was evicted takes those that are
 * told to be present for so until they had time to poll again.
 */
export class LocalPresence {
  readonly #store: PresenceStore;
  readonly #held: (userId: UserId) => readonly HeldPoll[];
  readonly #users = new Map<UserId, Known>();

  constructor(store: PresenceStore, held: (userId: UserId) => readonly HeldPoll[]) {
    this.#store = store;
    this.#held = held;
  }

  /** A device syncs. @param until when (ms) its poll ends. */
  use(userId: UserId, deviceId: string, state: PresenceState, until: number, now: number): void {
    const known = this.#known(userId, now);
    known.said.delete(deviceId);
    this.#put(known, userId, { deviceId, state, until, now });
  }

  /** A device says how its user is, which holds until it syncs again. */
  say(userId: UserId, deviceId: string, state: PresenceState, now: number): void {
    const known = this.#known(userId, now);
    known.said.delete(deviceId);
    known.said.add(deviceId);
    const [oldest] = known.said;
    if (known.said.size > MAX_DEVICES && oldest !== undefined) known.said.delete(oldest);
    this.#put(known, userId, { deviceId, state, until: now, now });
  }

  #put(
    known: Known,
    userId: UserId,
    {
      deviceId,
      state,
      until,
      now,
    }: { readonly deviceId: string; readonly state: PresenceState; readonly until: number; readonly now: number },
  ): void {
    const wasOffline = this.current(userId, now).presence === 'offline';
    known.devices.delete(deviceId);
    if (state === 'offline') return;
    // That somebody comes is something that they do; that they go on polling is nothing.
    if (wasOffline && state === 'online') known.activeTs = now;
    known.devices.set(deviceId, { state, at: until });
    const [oldest] = known.devices.keys();
    if (known.devices.size > MAX_DEVICES && oldest !== undefined) known.devices.delete(oldest);
  }

  /** The user did something. Brings back who was idle. */
  act(userId: UserId, now: number): void {
    this.#known(userId, now).activeTs = now;
  }

  /** Says nothing of the user's devices, who is offline at once. */
  leave(userId: UserId): void {
    this.#users.delete(userId);
    this.#store.remove(userId);
  }

  /** How a user is now. @param statusMsg `undefined`: it stays; `null`: none. */
  current(userId: UserId, now: number, statusMsg?: string | null): Presence {
    const known = this.#known(userId, now);
    const held = this.#held(userId)
      .filter(({ deviceId }) => !known.said.has(deviceId))
      .map(({ state }) => ({ state, at: now }));
    const message = statusMsg === undefined ? this.#store.get(userId)?.statusMsg : (statusMsg ?? undefined);
    return {
      userId,
      ...presenceBy([...known.devices.values(), ...held], known.activeTs, now),
      activeTs: known.activeTs,
      ...(message === undefined ? {} : { statusMsg: message }),
    };
  }

  /** Writes down how a user is, where that is another than was told. @returns it then. */
  settle(userId: UserId, now: number, statusMsg?: string | null): Presence | undefined {
    const told = this.#store.get(userId) ?? { userId, presence: 'offline', currentlyActive: false };
    const current = this.current(userId, now, statusMsg);
    if (isSamePresence(told, current)) return undefined;
    this.#store.put(current);
    return current;
  }

  #known(userId: UserId, now: number): Known {
    const held = this.#users.get(userId);
    if (held !== undefined) return held;
    const told = this.#store.get(userId);
    const known: Known = { devices: new Map(), said: new Set(), activeTs: told?.activeTs ?? now };
    if (told !== undefined && told.presence !== 'offline') known.devices.set('', { state: told.presence, at: now });
    this.#users.set(userId, known);
    return known;
  }
}
