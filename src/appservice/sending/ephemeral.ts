import type { EphemeralOffer } from './ports.ts';

/** Who has not been heard of for longest is forgotten first. */
const MAX_KEPT = 1_000;

/** What waits to be told and is not kept, the latest of each key. In memory: what is lost is told again when it changes. */
export class EphemeralBuffer {
  readonly #waiting = new Map<string, EphemeralOffer>();
  /** JSON that is worth telling, for a later transaction. */
  #postponed: string[] = [];
  /** What was told last, of each key: several shards tell the same. */
  readonly #told = new Map<string, string>();

  /** @param to who is told: of what it changed itself it is not, unless what others changed before waits still. */
  offer(offer: EphemeralOffer, to: string): void {
    if (offer.by === to && !this.#waiting.has(offer.key)) keep(this.#told, offer.key, JSON.stringify(offer.event));
    else keep(this.#waiting, offer.key, offer);
  }

  /** Did not fit; of very many the oldest are lost. */
  postpone(text: string): void {
    this.#postponed = [...this.#postponed.slice(1 - MAX_KEPT), text];
  }

  /**
   * Takes what was postponed.
   * @param add false where the JSON does not fit any more: that, and what follows it, stays.
   * @returns whether nothing stays.
   */
  takePostponed(add: (text: string) => boolean): boolean {
    const stays = this.#postponed.findIndex((text) => !add(text));
    this.#postponed = stays === -1 ? [] : this.#postponed.slice(stays);
    return stays === -1;
  }

  /** Takes what is worth telling, in the order in which it changed. @param add see {@link takePostponed}. */
  take(now: number, concerns: (offer: EphemeralOffer) => boolean, add: (text: string) => boolean): void {
    for (const [key, offer] of this.#waiting) {
      const text = JSON.stringify(offer.event);
      if (offer.expiresAt >= now && this.#told.get(key) !== text && concerns(offer)) {
        if (!add(text)) return;
        keep(this.#told, key, text);
      }
      this.#waiting.delete(key);
    }
  }
}

function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MAX_KEPT && oldest !== undefined) map.delete(oldest);
}
