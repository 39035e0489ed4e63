import type { EventId } from '../ids/brands.ts';
import { parseEventId } from '../ids/event-id.ts';
import { isJsonObject, SourceNumber } from '../json/json-value.ts';
import type { JsonObject, JsonValue } from '../json/json-value.ts';
import type { Result } from '../result.ts';
import { utf8Length } from './utf8-length.ts';
import type { FormatFault } from './format-fault.ts';

/** The longest `type` and `state_key`. Source: Client-Server API, "Size limits". */
const keyLimitBytes = 255;

const maxInt64 = 2n ** 63n - 1n;

const emptyObject: JsonObject = {};

/**
 * Reads the fields of one event and remembers the first thing that is wrong with them. What it returns after a fault
 * is a placeholder that must not be used: ask for `fault` when everything is read.
 */
export class FieldReader {
  fault: FormatFault | undefined;
  readonly #json: JsonObject;
  readonly #wideIntegers: boolean;

  /** @param wideIntegers whether integers reach to 64 bits, as in room versions without strict canonical JSON. */
  constructor(json: JsonObject, wideIntegers: boolean) {
    this.#json = json;
    this.#wideIntegers = wideIntegers;
  }

  fail(fault: FormatFault): void {
    this.fault ??= fault;
  }

  /** A string of any length. */
  text(key: string): string {
    const value = this.#required(key);
    if (typeof value === 'string') return value;
    this.#wrongType(key, value);
    return '';
  }

  shortText(key: string): string {
    const value = this.text(key);
    if (utf8Length(value, keyLimitBytes) > keyLimitBytes) {
      this.fail({ kind: 'too-long', key, limitBytes: keyLimitBytes });
    }
    return value;
  }

  id<Id extends string>(key: string, parse: (text: string) => Result<Id, unknown>): Id {
    const text = this.text(key);
    const parsed = parse(text);
    if (parsed.ok) return parsed.value;
    this.fail({ kind: 'bad-id', key });
    return text as Id;
  }

  object(key: string): JsonObject {
    const value = this.#required(key);
    if (isJsonObject(value)) return value;
    this.#wrongType(key, value);
    return emptyObject;
  }

  integer(key: string): number {
    const value = this.#required(key);
    if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
    if (this.#wideIntegers && value instanceof SourceNumber && /^-?\d+$/.test(value.source)) {
      const wide = BigInt(value.source);
      if (wide >= -maxInt64 - 1n && wide <= maxInt64) return Number(wide);
      this.fail({ kind: 'out-of-range', key });
    }
    this.#wrongType(key, value);
    return 0;
  }

  /**
   * The event IDs of `prev_events` or `auth_events`.
   * @param asPairs whether an entry is `[id, hashes]`. The hashes are not looked at: nothing relies on them, and Room
   * Version 1 asks that restrictions be "generally relaxed".
   */
  edges(key: string, limit: number, asPairs: boolean): readonly EventId[] {
    const value = this.#required(key);
    if (!Array.isArray(value)) {
      this.#wrongType(key, value);
      return [];
    }
    if (value.length > limit) this.fail({ kind: 'too-many', key, limit });
    // Bounded before the entries are read: the rest of a list that is too long is nobody's business.
    return value
      .slice(0, limit)
      .map((entry: JsonValue) => this.#edge(key, asPairs ? this.#idOfPair(key, entry) : entry));
  }

  #edge(key: string, entry: JsonValue): EventId {
    if (typeof entry !== 'string') {
      this.#wrongType(key, entry);
      return '' as EventId;
    }
    const id = parseEventId(entry);
    if (id.ok) return id.value;
    this.fail({ kind: 'bad-id', key });
    return '' as EventId;
  }

  #idOfPair(key: string, entry: JsonValue): JsonValue {
    if (Array.isArray(entry) && entry.length === 2 && isJsonObject(entry[1])) return entry[0] as JsonValue;
    this.fail({ kind: 'wrong-type', key });
    return '';
  }

  #required(key: string): JsonValue | undefined {
    return this.#json[key];
  }

  #wrongType(key: string, value: JsonValue | undefined): void {
    this.fail({ kind: value === undefined ? 'missing' : 'wrong-type', key });
  }
}
