import { allow, deny, type Result } from '../result.ts';
import { SourceNumber, type JsonObject, type JsonValue } from './json-value.ts';

// UTF-16 order, which is what comparing strings gives, equals code point order where no surrogate takes part.
const SURROGATE = /[\uD800-\uDFFF]/;

const UNKNOWN_NUMBER = 'a number that canonical JSON does not know';
const NOT_UTF8 = 'half a surrogate pair, which has no UTF-8 form';

/**
 * Canonical JSON: keys in code point order, no white space, shortest escapes. Source: Appendices, "Canonical JSON".
 * Numbers that canonical JSON does not know, which room versions 1 to 5 accept, keep their source text: that is what
 * their sender hashed.
 */
export function canonicalJson(value: JsonValue): string {
  // What comes from other servers and from our own store is in order already, and one native call writes it.
  if (isInOrder(value)) {
    const text = JSON.stringify(value);
    // An emoji in a message is no reason to take the slow way, only one in a key is.
    if (!SURROGATE.test(text) || !hasSurrogateKey(value)) return text;
  }
  return canonicalValue(value);
}

/** Whether JavaScript would write each object's keys in the order of their UTF-16 units, and each number unchanged. */
function isInOrder(value: JsonValue | undefined): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (value instanceof SourceNumber) return false;
  if (Array.isArray(value)) return value.every((item: JsonValue) => isInOrder(item));
  const object = value as JsonObject;
  let previous: string | undefined;
  for (const key of Object.keys(object)) {
    if ((previous !== undefined && previous > key) || !isInOrder(object[key])) return false;
    previous = key;
  }
  return true;
}

function hasSurrogateKey(value: JsonValue | undefined): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some((item: JsonValue) => hasSurrogateKey(item));
  const object = value as JsonObject;
  return Object.keys(object).some((key) => SURROGATE.test(key) || hasSurrogateKey(object[key]));
}

function canonicalValue(value: JsonValue): string {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
      return JSON.stringify(value);
    default:
      break;
  }
  if (value === null) return 'null';
  if (value instanceof SourceNumber) return canonicalNumber(value.source);
  if (Array.isArray(value)) return `[${value.map((item: JsonValue) => canonicalValue(item)).join(',')}]`;
  return canonicalObject(value as JsonObject);
}

/** `-0` and `1e10` are integers, written oddly; `1.0` is no integer to the servers that sent it. Source: "Examples". */
function canonicalNumber(source: string): string {
  const value = Number(source);
  return Number.isSafeInteger(value) && !source.includes('.') ? String(value) : source;
}

function canonicalObject(object: JsonObject): string {
  let text = '';
  for (const key of sortedKeys(object)) {
    const item = object[key];
    if (item === undefined) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalValue(item)}`;
  }
  return `{${text}}`;
}

function sortedKeys(object: object): string[] {
  const keys = Object.keys(object).sort();
  return keys.some((key) => SURROGATE.test(key)) ? keys.sort(byCodePoint) : keys;
}

function byCodePoint(a: string, b: string): number {
  for (let at = 0; ;) {
    const [left, right] = [a.codePointAt(at), b.codePointAt(at)];
    if (left === undefined || left !== right) return (left ?? -1) - (right ?? -1);
    at += left > 0xffff ? 2 : 1;
  }
}

/** The UTF-8 of {@link canonicalJson}: what is hashed and signed. */
export const canonicalJsonBytes = (value: JsonValue): Buffer => Buffer.from(canonicalJson(value));

/**
 * Whether canonical JSON knows a value: integers only, within ±(2^53 - 1) and no minus zero, and strings and keys that
 * have a UTF-8 form, which half a surrogate pair has not. Source: Appendices, "Canonical JSON".
 */
export function isCanonical(value: JsonValue): Result<void, string> {
  if (typeof value === 'string') return value.isWellFormed() ? allow(undefined) : deny(NOT_UTF8);
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? allow(undefined) : deny(UNKNOWN_NUMBER);
  }
  if (typeof value !== 'object' || value === null) return allow(undefined);
  if (value instanceof SourceNumber) return deny(UNKNOWN_NUMBER);
  for (const [key, item] of Object.entries(value) as [string, JsonValue | undefined][]) {
    if (item === undefined) continue;
    if (!key.isWellFormed()) return deny(NOT_UTF8);
    const inner = isCanonical(item);
    if (!inner.ok) return inner;
  }
  return allow(undefined);
}
