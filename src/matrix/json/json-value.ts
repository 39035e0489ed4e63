/**
 * A JSON number that JavaScript's own number would not give back as it was written: `1.0`, `1e3`, integers beyond
 * 2^53 - 1. It keeps the source text. Only room versions 1 to 5 accept events that hold one.
 */
export class SourceNumber {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

export type JsonValue = null | boolean | number | string | SourceNumber | readonly JsonValue[] | JsonObject;

/**
 * A JSON object. Keys are data: the parser makes an own property of each, of `__proto__` too, and so do spreading and
 * computed keys. But objects have the usual prototype, so a key that somebody else chose is looked up after
 * `Object.hasOwn`: a plain `object[key]` finds a function for `constructor`.
 */
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined;
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof SourceNumber);
}
