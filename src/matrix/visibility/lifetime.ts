import type { JsonObject, JsonValue } from '../json/json-value.ts';

/** The state event with which a room says how long it keeps messages. Source: MSC1763. */
export const RETENTION = 'm.room.retention';

/** A rule that asks for less gets this: whoever looks at the room now and then should see what was said. */
const SHORTEST_MS = 60_000;
const DAY_MS = 86_400_000;
/** About as long as there have been clocks; more is for ever. */
const LONGEST_MS = 36_500 * DAY_MS;

/**
 * How old messages of a room may get (ms); `undefined`: any. A room's own `max_lifetime` wins over the server's default,
 * whichever is shorter; its `min_lifetime` alone keeps messages longer than the default. A rule that is not understood,
 * or contradicts itself, is none.
 * NOTSPEC: retention is not part of the specification. Source: MSC1763, "Per-room retention".
 * @param content of the room's rule; `undefined`: it has none.
 * @param defaultDays 0: for ever.
 */
export function lifetimeOf(content: JsonObject | undefined, defaultDays: number): number | undefined {
  const least = lifetimeIn(content?.['min_lifetime']) ?? 0;
  const most = lifetimeIn(content?.['max_lifetime']);
  if (most !== undefined && least <= most) return bounded(most);
  if (defaultDays === 0) return undefined;
  return bounded(Math.max(defaultDays * DAY_MS, most === undefined ? least : 0));
}

function bounded(lifetime: number): number | undefined {
  return lifetime > LONGEST_MS ? undefined : Math.max(lifetime, SHORTEST_MS);
}

function lifetimeIn(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
