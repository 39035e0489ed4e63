import { SourceNumber, type JsonObject, type JsonValue } from './json-value.ts';

/**
 * A value without {@link SourceNumber}: its numbers become the nearest that JavaScript has, the largest for those beyond
 * its range. That is what clients are shown and what may cross RPC, which the class does not; what was hashed and signed
 * keeps the source.
 * @returns the value itself where it holds none, else a copy.
 */
export function plainJson<Value extends JsonValue>(value: Value): Value {
  return holdsSourceNumber(value) ? (plainValue(value) as Value) : value;
}

/** Whether JavaScript would not write some number of the value as it stood. */
export function holdsSourceNumber(value: JsonValue | undefined): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return (
    value instanceof SourceNumber || Object.values(value).some((item: JsonValue | undefined) => holdsSourceNumber(item))
  );
}

function plainValue(value: JsonValue): JsonValue {
  if (value instanceof SourceNumber) return nearest(Number(value.source));
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(plainValue);
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([key, item]) => [key, item === undefined ? undefined : plainValue(item)]),
  );
}

/** JSON has no infinity: it would be written as `null`. Nor has it a use for a minus zero. */
function nearest(number: number): number {
  return Math.min(Math.max(number, -Number.MAX_VALUE), Number.MAX_VALUE) + 0;
}
