import { allow, deny, type Result } from '../result.ts';
import { SourceNumber, type JsonValue } from './json-value.ts';

/**
 * Canonical JSON: keys in code point order, no white space, shortest escapes. Source: Appendices, "Canonical JSON".
 * A number that JavaScript cannot give back as it was written keeps its source text.
 */
export function canonicalJson(value: JsonValue): string {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
      return JSON.stringify(value);
    default:
      break;
  }
  if (value === null) return 'null';
  if (value instanceof SourceNumber) return value.source;
  if (Array.isArray(value)) return `[${value.map((item: JsonValue) => canonicalJson(item)).join(',')}]`;
  return canonicalObject(value as { readonly [key: string]: JsonValue | undefined });
}

function canonicalObject(object: { readonly [key: string]: JsonValue | undefined }): string {
  let text = '';
  for (const key of sortedKeys(object)) {
    const item = object[key];
    if (item === undefined) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(item)}`;
  }
  return `{${text}}`;
}

// UTF-16 order, which is what sort() gives, equals code point order where no surrogate takes part.
const SURROGATE = /[\uD800-\uDFFF]/;

function sortedKeys(object: object): string[] {
  const keys = Object.keys(object).sort();
  return keys.some((key) => SURROGATE.test(key)) ? keys.sort(byCodePoint) : keys;
}

function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

export const canonicalJsonBytes = (value: JsonValue): Buffer => Buffer.from(canonicalJson(value));

/** Whether a value is canonical JSON: integers only, within ±(2^53 - 1). */
export function isCanonical(value: JsonValue): Result<void, string> {
  if (value instanceof SourceNumber || (typeof value === 'number' && !Number.isSafeInteger(value))) {
    return deny('a number that canonical JSON does not know');
  }
  if (typeof value !== 'object' || value === null) return allow(undefined);
  for (const item of Object.values(value) as (JsonValue | undefined)[]) {
    if (item === undefined) continue;
    const inner = isCanonical(item);
    if (!inner.ok) return inner;
  }
  return allow(undefined);
}
