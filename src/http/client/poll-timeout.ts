import { invalidParam } from '../../matrix/error.ts';

/** A poll of `/events` is held no longer than this, whatever the client asks. */
const MAX_TIMEOUT_MS = 30_000;

/** Reads the query parameter `timeout`, in milliseconds. Throws `M_INVALID_PARAM`. */
export function pollTimeout(text: string | undefined): number {
  if (text === undefined) return 0;
  if (!/^\d{1,15}$/.test(text)) throw invalidParam('timeout has a wrong value');
  return Math.min(Number(text), MAX_TIMEOUT_MS);
}
