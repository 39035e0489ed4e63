import { MAX_EDUS } from './transaction.ts';

/** An EDU of which only the latest counts: typing, a receipt, presence. */
export interface LatestEdu {
  /** Equal keys replace each other, such as type, room and user. */
  readonly key: string;
  /** JSON of the whole EDU. */
  readonly json: string;
  /** When (ms) it stops to be true, or worth sending. */
  readonly expiresAt: number;
}

const MAX_WAITING = 1_000;

/** EDUs that wait for the next transaction, in memory only: the latest of each key. */
export class EduBuffer {
  readonly #waiting = new Map<string, LatestEdu>();

  get size(): number {
    return this.#waiting.size;
  }

  add(edu: LatestEdu): void {
    this.#waiting.delete(edu.key);
    this.#waiting.set(edu.key, edu);
    const oldest = this.#waiting.keys().next();
    if (this.#waiting.size > MAX_WAITING && oldest.done !== true) this.#waiting.delete(oldest.value);
  }

  /** Takes as many as one transaction may hold, oldest first; what has expired is dropped. */
  take(now: number): readonly string[] {
    const taken: string[] = [];
    for (const { key, json, expiresAt } of this.#waiting.values()) {
      if (taken.length === MAX_EDUS) break;
      this.#waiting.delete(key);
      if (expiresAt > now) taken.push(json);
    }
    return taken;
  }
}
