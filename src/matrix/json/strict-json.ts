import { allow, deny, type Result } from '../result.ts';
import { SourceNumber, type JsonValue } from './json-value.ts';

/** Deeper than anything a client or server has a use for; keeps the recursions over values bounded. */
const MAX_DEPTH = 128;

type Reviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown;

/** A number that may not come back as it was written: a fraction, an exponent, a minus zero, or very many digits. */
const UNUSUAL_NUMBER = /[-\d]\.\d|\d[eE]|-0(?!\.)|\d{16}/;

const keepSource: Reviver = (_key, value, context) =>
  typeof value === 'number' && (!Number.isSafeInteger(value) || String(value) !== context.source)
    ? new SourceNumber(context.source ?? String(value))
    : value;

/** Parses JSON and keeps the source text of numbers that JavaScript would change. */
export function parseJson(text: string): Result<JsonValue, 'not-json' | 'too-deep'> {
  try {
    const value = (
      UNUSUAL_NUMBER.test(text) ? JSON.parse(text, keepSource as Parameters<typeof JSON.parse>[1]) : JSON.parse(text)
    ) as JsonValue;
    return depthWithin(text) ? allow(value) : deny('too-deep');
  } catch {
    return deny('not-json');
  }
}

function depthWithin(text: string): boolean {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x5b || code === 0x7b) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (code === 0x5d || code === 0x7d) depth -= 1;
  }
  // Brackets in strings are counted too: only text that looks too deep is looked at closely.
  return deepest <= MAX_DEPTH;
}
