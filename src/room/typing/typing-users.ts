import type { UserId } from '../../matrix/ids/brands.ts';

/** Who types in the room, and until when. In memory: typing is never a row. */
export class TypingUsers {
  readonly #until = new Map<UserId, number>();

  /** @param until milliseconds; `undefined`: no more. @returns whether who types has changed. */
  set(userId: UserId, until: number | undefined, now: number): boolean {
    const before = this.current(now).join(' ');
    if (until === undefined || until <= now) this.#until.delete(userId);
    else this.#until.set(userId, until);
    return this.current(now).join(' ') !== before;
  }

  current(now: number): readonly UserId[] {
    return [...this.#until].filter(([, until]) => until > now).map(([userId]) => userId);
  }

  /** Forgets who has stopped without saying so. @returns whether there was one. */
  expire(now: number): boolean {
    const ended = [...this.#until].filter(([, until]) => until <= now);
    for (const [userId] of ended) this.#until.delete(userId);
    return ended.length > 0;
  }

  /** When the next one stops, unless they say so before or go on. */
  nextExpiry(): number | undefined {
    return this.#until.size === 0 ? undefined : Math.min(...this.#until.values());
  }
}
