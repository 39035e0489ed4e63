import { invalidParam, missingParam } from '../matrix/error.ts';
import type { TimeQuery } from '../rooms/finding/ports.ts';

/** What `timestamp_to_event` asks for, of both APIs. Throws `M_MISSING_PARAM`, `M_INVALID_PARAM`. */
export function timeQueryIn(query: (name: string) => string | undefined): TimeQuery {
  const [ts, dir] = [query('ts'), query('dir')];
  if (ts === undefined || dir === undefined) throw missingParam(`Missing: ${ts === undefined ? 'ts' : 'dir'}`);
  if (!/^-?\d{1,15}$/.test(ts)) throw invalidParam('ts is no number of milliseconds');
  if (dir !== 'f' && dir !== 'b') throw invalidParam('dir is neither f nor b');
  return { ts: Number(ts), dir };
}
