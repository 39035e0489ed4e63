import { isJsonObject, type JsonObject, type JsonValue } from '../../matrix/json/json-value.ts';

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
/** Keys of updates of presence begin so. */
const PRESENCE = 'm.presence ';
/** Of presence, in one EDU. */
const MAX_UPDATES = 100;

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

  /**
   * Takes at most `limit`, oldest first; what has expired is dropped. Updates of presence become one EDU.
   */
  take(now: number, limit: number): readonly string[] {
    const taken: string[] = [];
    const updates: JsonValue[] = [];
    for (const { key, json, expiresAt } of this.#waiting.values()) {
      if (taken.length + Math.min(updates.length, 1) >= limit || updates.length === MAX_UPDATES) break;
      this.#waiting.delete(key);
      if (expiresAt <= now) continue;
      if (key.startsWith(PRESENCE)) updates.push(...pushOf(json));
      else taken.push(json);
    }
    if (updates.length > 0) taken.push(JSON.stringify({ edu_type: 'm.presence', content: { push: updates } }));
    return taken;
  }
}

function pushOf(json: string): readonly JsonValue[] {
  const { content } = JSON.parse(json) as JsonObject;
  const push = isJsonObject(content) ? content['push'] : undefined;
  return Array.isArray(push) ? (push as readonly JsonValue[]) : [];
}
