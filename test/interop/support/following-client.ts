import { MatrixClient } from '../../support/node/matrix-client.ts';
import { type RoomView, SyncView, type ToDeviceMessage } from './sync-view.ts';

const LONG_POLL_MS = 2000;

/** A client that remembers what its `/sync` responses said, from the first on. */
export class FollowingClient extends MatrixClient {
  readonly #view = new SyncView();
  #since: string | undefined;

  /** What is known of a room so far. */
  room(roomId: string): RoomView {
    return this.#view.room(roomId);
  }

  presenceOf(userId: string): Record<string, unknown> | undefined {
    return this.#view.presence.get(userId);
  }

  /** The messages to this device, in order and as often as they came. */
  get toDevice(): readonly ToDeviceMessage[] {
    return this.#view.toDevice;
  }

  /** Whether a response said that a user's devices changed. */
  changedDevicesOf(userId: string): boolean {
    return this.#view.changedDevices.has(userId);
  }

  /** From here on only what comes anew counts for {@link changedDevicesOf}. */
  forgetChangedDevices(): void {
    this.#view.changedDevices.clear();
  }

  /** Takes what is there now, without waiting. */
  async catchUp(): Promise<void> {
    await this.#sync(0);
  }

  /**
   * Syncs until the condition holds.
   * @returns the first value that is neither false nor undefined. @throws after `timeoutMs`, naming what was awaited.
   */
  async sees<T>(what: string, condition: () => T, timeoutMs = 20_000): Promise<Exclude<T, false | undefined>> {
    const end = Date.now() + timeoutMs;
    for (;;) {
      const value = condition();
      if (value !== false && value !== undefined) return value as Exclude<T, false | undefined>;
      if (Date.now() > end) throw new Error(`${this.userId} did not see ${what} within ${timeoutMs} ms`);
      await this.#sync(this.#since === undefined ? 0 : LONG_POLL_MS);
    }
  }

  /** Syncs until an event is in the room's timeline. */
  async seesEvent(roomId: string, eventId: string, timeoutMs?: number): Promise<void> {
    const there = (): boolean => this.room(roomId).timeline.some((event) => event.event_id === eventId);
    await this.sees(`event ${eventId}`, there, timeoutMs);
  }

  /** Syncs until a user's membership of the room is this one. */
  async seesMembership(roomId: string, userId: string, membership: string, timeoutMs?: number): Promise<void> {
    const holds = (): boolean => this.room(roomId).membershipOf(userId) === membership;
    await this.sees(`the membership ${membership} of ${userId}`, holds, timeoutMs);
  }

  /** Syncs until this user is invited to the room. */
  async seesInvite(roomId: string): Promise<void> {
    await this.sees(`an invite to ${roomId}`, () => this.room(roomId).membership === 'invite');
  }

  /** Syncs until this user's knock waits for an answer. */
  async seesKnock(roomId: string): Promise<void> {
    await this.sees(`a knock on ${roomId}`, () => this.room(roomId).membership === 'knock');
  }

  async #sync(timeoutMs: number): Promise<void> {
    const filter = { room: { timeline: { limit: 500 } } };
    const response = await this.sync({ since: this.#since, timeoutMs, filter });
    this.#view.fold(response);
    this.#since = response.next_batch;
  }
}
