import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { Presence } from './presence.ts';

export interface PostedPresence {
  readonly presence: Presence;
  /** Rooms in which others may see it. */
  readonly roomIds: readonly RoomId[];
}

/** Users of all servers together; whoever changed least lately is forgotten first. */
const MAX_POSTED = 2_000;

/**
 * Who is how, as far as users of the shard may see it. In memory: presence that was missed is told again when it changes.
 */
export class PresenceBoard {
  readonly #posted = new Map<UserId, PostedPresence & { readonly seq: number }>();

  /** @param seq the shard's counter at this change, so that a sync sees it once. */
  post(posted: PostedPresence, seq: number): void {
    const { userId } = posted.presence;
    this.#posted.delete(userId);
    this.#posted.set(userId, { ...posted, seq });
    const [oldest] = this.#posted.keys();
    if (this.#posted.size > MAX_POSTED && oldest !== undefined) this.#posted.delete(oldest);
  }

  get(userId: UserId): PostedPresence | undefined {
    return this.#posted.get(userId);
  }

  /** @param since `undefined`: everybody who is not offline. */
  changedAfter(since: number | undefined): readonly PostedPresence[] {
    return [...this.#posted.values()].filter(({ presence, seq }) =>
      since === undefined ? presence.presence !== 'offline' : seq > since,
    );
  }
}
