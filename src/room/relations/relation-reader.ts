import type { Reader } from '../read/render.ts';
import type { RelationReader } from './relation-store.ts';

/** Before any time that an event can have. */
export const NO_HORIZON = Number.MIN_SAFE_INTEGER;

/** What of a reader decides which relations count for them. */
export function relationReader({ sight, ignoredUsers = [] }: Reader): RelationReader {
  const spans: [number, number, 'join' | 'invite'][] = [];
  for (const { membership, fromPos, toPos } of sight.intervals) {
    if (membership !== 'join' && membership !== 'invite') continue;
    const last = spans.at(-1);
    // A change of the profile makes an interval of its own.
    if (last !== undefined && last[1] === fromPos && last[2] === membership) last[1] = toPos;
    else spans.push([fromPos, toPos, membership]);
  }
  const joinedUntil = spans.findLast(([, , membership]) => membership === 'join')?.[1] ?? 0;
  return { userId: sight.userId, ignoredUsers, joinedUntil, horizon: sight.horizon ?? NO_HORIZON, spans };
}
