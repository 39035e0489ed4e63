import type { EphemeralOffer } from './ports.ts';

/** Who has not been heard of for longest is forgotten first. */
const MAX_KEPT = 1_000;

/** What waits to be told and is not kept, the latest of each key. In memory: what is lost is told again when it changes. */
export class EphemeralBuffer {
  readonly #waiting = new Map<string, EphemeralOffer>();
  /** What was told last, of each key: several shards tell the same. */
  readonly #told = new Map<string, string>();

  /** @param to who is told: of what it changed itself it is not, unless what others changed before waits still. */
  offer(offer: EphemeralOffer, to: string): void {
    if (offer.by === to && !this.#waiting.has(offer.key)) keep(this.#told, offer.key, JSON.stringify(offer.event));
    else keep(this.#waiting, offer.key, offer);
  }

  /** Takes all that is worth telling. @returns JSON, in the order in which it changed. */
  take(now: number, concerns: (offer: EphemeralOffer) => boolean): readonly string[] {
    const offers = [...this.#waiting.values()];
    this.#waiting.clear();
    const texts: string[] = [];
    for (const offer of offers) {
      const text = JSON.stringify(offer.event);
      if (offer.expiresAt < now || this.#told.get(offer.key) === text || !concerns(offer)) continue;
      keep(this.#told, offer.key, text);
      texts.push(text);
    }
    return texts;
  }
}

function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MAX_KEPT && oldest !== undefined) map.delete(oldest);
}
