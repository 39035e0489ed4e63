import { allow, deny, type Result } from '../result.ts';
import { SourceNumber, type JsonValue } from './json-value.ts';

/**
 * Keeps the recursions over values bounded: in workerd they overflow beyond 2,000 levels. An event may have far fewer,
 * so that one that has too many does not cost its neighbours in a transaction.
 */
const MAX_DEPTH = 1_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

type Reviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown;

/**
 * A number that may not come back as it was written: a fraction, an exponent, a minus zero, or very many digits. What
 * stands before it tells it from the digits of most strings: the Base64 of every PDU has some `3e`.
 */
const UNUSUAL_NUMBER = /(?:^|[[:,\s])(?:-?\d+[.eE]|-0|-?\d{16})/;

const keepSource: Reviver = (_key, value, context) =>
  typeof value === 'number' && (!Number.isSafeInteger(value) || String(value) !== context.source)
    ? new SourceNumber(context.source ?? String(value))
    : value;

/** Why text is refused: no JSON, or nested too deep. */
export type JsonFault = 'not-json' | 'too-deep';

/**
 * Parses JSON and keeps the source text of numbers that JavaScript would change.
 * Of keys that an object repeats, the last counts, as it does for other servers: what was hashed and signed is the
 * object that they parsed. Half a surrogate pair in a string is kept; `isCanonical` refuses it, so that one such event
 * does not cost its neighbours in a transaction.
 * @returns the value, at most `maxDepth` levels of arrays and objects. Never throws.
 */
export function parseJson(text: string, maxDepth = MAX_DEPTH): Result<JsonValue, JsonFault> {
  try {
    const value = JSON.parse(text) as JsonValue;
    // Before the reviver, which recurses: without it the parser does not, in Node nor in workerd.
    if (nestsDeeper(text, maxDepth)) return deny('too-deep');
    if (!UNUSUAL_NUMBER.test(text)) return allow(value);
    return allow(JSON.parse(text, keepSource as Parameters<typeof JSON.parse>[1]) as JsonValue);
  } catch {
    return deny('not-json');
  }
}

/** @param text known to be JSON. Brackets within strings are text: a message may hold as many as it likes. */
export function nestsDeeper(text: string, maxDepth: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === 0x5b || code === 0x7b) {
      depth += 1;
      if (depth > maxDepth) return true;
    } else if (code === 0x5d || code === 0x7d) depth -= 1;
  }
  return false;
}

/** @param start of the opening quote. @returns where the closing one is: the next that no odd run of `\` precedes. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  for (;;) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
}
