import { parseJson } from '../matrix/json/strict-json.ts';

/** No event is larger, with its `unsigned`. */
const MAX_VALUE_BYTES = 1024 * 1024;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** The bytes are not the one JSON object that was expected, or a value of it is too large. */
export class NotSplittable extends Error {}

/** What of an object's values comes out: a `list` item by item, one `whole`; all else is passed over. */
export type Wanted = 'list' | 'whole';

type Place =
  | 'object'
  | 'first-key'
  | 'key'
  | 'colon'
  | 'value'
  | 'list'
  | 'first-item'
  | 'item'
  | 'after-value'
  | 'after-item'
  | 'end';

/** Where a byte of the frame leads; any other byte than those listed begins a value, where one may stand. */
const FRAME: Readonly<Record<Place, Readonly<Partial<Record<number, Place>>>>> = {
  object: { [OPEN_OBJECT]: 'first-key' },
  'first-key': { [CLOSE_OBJECT]: 'end' },
  key: {},
  colon: { [COLON]: 'value' },
  value: {},
  list: { [OPEN_LIST]: 'first-item' },
  'first-item': { [CLOSE_LIST]: 'after-value' },
  item: {},
  'after-value': { [COMMA]: 'key', [CLOSE_OBJECT]: 'end' },
  'after-item': { [COMMA]: 'item', [CLOSE_LIST]: 'after-value' },
  end: {},
};
const KEY_PLACES: ReadonlySet<Place> = new Set(['first-key', 'key']);
const VALUE_PLACES: ReadonlySet<Place> = new Set(['value', 'first-item', 'item']);
const ENDS_SCALAR: ReadonlySet<number> = new Set([COMMA, CLOSE_LIST, CLOSE_OBJECT, 0x20, 0x0a, 0x0d, 0x09]);

/**
 * Splits one JSON object, as its bytes arrive, into those values that are wanted, without holding more than one of
 * them. It looks at brackets, strings and commas only: whoever takes a value parses it strictly.
 */
export class JsonListSplitter {
  readonly #wanted: Readonly<Record<string, Wanted>>;
  readonly #take: (key: string, value: string) => void;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  readonly #seen = new Set<string>();
  #place: Place = 'object';
  #key = '';
  /** The value that is being passed: how deep in it, whether in a string, after a backslash, or in a bare word. */
  #isPassing = false;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #isBare = false;
  /** What of the value came with earlier chunks. */
  #parts: Uint8Array[] = [];
  #size = 0;

  /** @param take gets the text of each wanted value, in order. */
  constructor(wanted: Readonly<Record<string, Wanted>>, take: (key: string, value: string) => void) {
    this.#wanted = wanted;
    this.#take = take;
  }

  /** Throws {@link NotSplittable}. The chunk is not held beyond the call. */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) at = this.#isPassing ? this.#pass(chunk, at) : this.#frame(chunk[at] ?? 0, at);
  }

  /** Throws {@link NotSplittable} where the object has not ended, or a wanted list never came. */
  end(): void {
    if (this.#place !== 'end') throw new NotSplittable('the answer ends in the middle');
    for (const [key, kind] of Object.entries(this.#wanted)) {
      if (kind === 'list' && !this.#seen.has(key)) throw new NotSplittable(`wrong or missing: ${key}`);
    }
  }

  /** One byte between values. @returns where to go on: at this byte again, if a value begins with it. */
  #frame(byte: number, at: number): number {
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) return at + 1;
    const next = FRAME[this.#place][byte];
    if (next !== undefined) {
      this.#place = next === 'value' && this.#wanted[this.#key] === 'list' ? 'list' : next;
      return at + 1;
    }
    const isKey = KEY_PLACES.has(this.#place) && byte === QUOTE;
    if (!isKey && !(VALUE_PLACES.has(this.#place) && isValueStart(byte))) {
      throw new NotSplittable(this.#place === 'list' ? `wrong or missing: ${this.#key}` : 'the answer is not JSON');
    }
    this.#isPassing = true;
    this.#isBare = byte !== QUOTE && byte !== OPEN_OBJECT && byte !== OPEN_LIST;
    return at;
  }

  /** Bytes of one value, as many of them as the chunk has. @returns where to go on. */
  #pass(chunk: Uint8Array, start: number): number {
    for (let at = start; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (this.#isInString) this.#passInString(byte);
      else if (this.#isBare) {
        if (ENDS_SCALAR.has(byte)) return this.#close(chunk, start, at);
        continue;
      } else this.#passOutside(byte);
      if (this.#depth === 0 && !this.#isInString) return this.#close(chunk, start, at + 1);
    }
    this.#keep(chunk.slice(start));
    return chunk.length;
  }

  #passInString(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === BACKSLASH) this.#isEscaped = true;
    else if (byte === QUOTE) this.#isInString = false;
  }

  #passOutside(byte: number): void {
    if (byte === QUOTE) this.#isInString = true;
    else if (byte === OPEN_OBJECT || byte === OPEN_LIST) this.#depth += 1;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) this.#depth -= 1;
  }

  #keep(part: Uint8Array): void {
    if (!this.#isKept()) return;
    this.#size += part.length;
    if (this.#size > MAX_VALUE_BYTES) throw new NotSplittable(`a value of the answer is too large: ${this.#key}`);
    this.#parts.push(part);
  }

  #isKept(): boolean {
    return KEY_PLACES.has(this.#place) || this.#wanted[this.#key] !== undefined;
  }

  #close(chunk: Uint8Array, start: number, end: number): number {
    this.#keep(chunk.subarray(start, end));
    this.#isPassing = false;
    if (KEY_PLACES.has(this.#place)) this.#open();
    else {
      if (this.#isKept()) this.#take(this.#key, this.#text());
      this.#place = this.#place === 'value' ? 'after-value' : 'after-item';
    }
    return end;
  }

  #open(): void {
    const key = parseJson(this.#text());
    if (!key.ok || typeof key.value !== 'string') throw new NotSplittable('the answer is not JSON');
    this.#key = key.value;
    // Which of two lists counts would be anybody's guess.
    if (this.#seen.has(key.value)) throw new NotSplittable(`twice in the answer: ${key.value}`);
    if (Object.hasOwn(this.#wanted, key.value)) this.#seen.add(key.value);
    this.#place = 'colon';
  }

  #text(): string {
    const whole = new Uint8Array(this.#size);
    let offset = 0;
    for (const part of this.#parts) {
      whole.set(part, offset);
      offset += part.length;
    }
    this.#parts = [];
    this.#size = 0;
    try {
      return this.#decoder.decode(whole);
    } catch {
      throw new NotSplittable('the answer is not UTF-8');
    }
  }
}

/** A bare word begins with any other character than these; what it is, its parser says. */
function isValueStart(byte: number): boolean {
  return byte !== COMMA && byte !== COLON && byte !== CLOSE_LIST && byte !== CLOSE_OBJECT;
}
