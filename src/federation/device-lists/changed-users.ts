import type { UserId } from '../../matrix/ids/brands.ts';
import { backoffDelayMs } from '../sending/backoff.ts';
import type { ChangedUserStore, TellShards } from './ports.ts';

/** Of one server; what is more makes a change of all its users. */
const MAX_USERS = 1_000;
/** Users of one round, which asks each room once. */
const USERS_AT_ONCE = 100;
/** Between the beginnings of two rounds: what comes meanwhile is told together. */
const PAUSE_MS = 1_000;
/** The first back-off is 4 to 8 s. */
const BACKOFF_BEGINS_AT = 4;

interface ChangedUsersOptions {
  readonly store: ChangedUserStore;
  readonly tell: TellShards;
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly after: (delayMs: number) => Promise<void>;
}

/**
 * Changes of devices that a server told of: kept, one row for each user, until whoever shares a room with them knows. The
 * server need not wait for that, nor what else it sent.
 */
export class ChangedUsers {
  readonly #options: ChangedUsersOptions;
  #running: Promise<number | undefined> | undefined;
  #lastRoundAt = -Infinity;

  constructor(options: ChangedUsersOptions) {
    this.#options = options;
  }

  /** Durable when this returns. {@link tell} is to follow. */
  note(userIds: readonly UserId[]): void {
    const { store, now } = this.#options;
    store.transaction(() => {
      for (const userId of userIds) store.note(userId, now());
      if (store.count() <= MAX_USERS) return;
      store.forgetSingleUsers();
      store.note(undefined, now());
    });
  }

  /** One at a time. @returns when (ms) to call this again, if ever. */
  tell(): Promise<number | undefined> {
    this.#running ??= this.#tellAll();
    return this.#running;
  }

  async #tellAll(): Promise<number | undefined> {
    const { store, now, after } = this.#options;
    // Begins in a turn of its own, so that it is the one that runs before it can end.
    await Promise.resolve();
    try {
      while (store.due(now(), 1).length > 0) {
        const waitMs = this.#lastRoundAt + PAUSE_MS - now();
        if (waitMs > 0) await after(waitMs);
        this.#lastRoundAt = now();
        await this.#tellDue();
      }
      return store.nextAt();
    } finally {
      this.#running = undefined;
    }
  }

  async #tellDue(): Promise<void> {
    const { store, tell, now, random } = this.#options;
    const due = store.due(now(), USERS_AT_ONCE);
    const untold = await tell(due);
    store.transaction(() => {
      for (const changed of due) {
        if (!untold.has(changed)) store.remove(changed);
        else {
          const delayMs = backoffDelayMs(changed.attempt + BACKOFF_BEGINS_AT, random());
          store.defer(changed, untold.get(changed), now() + delayMs);
        }
      }
    });
  }
}
