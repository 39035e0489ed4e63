import { invalidParam } from '../../matrix/error.ts';

/** Reads the query parameter `limit`. Throws `M_INVALID_PARAM` for what is no number, or less than `min`. */
export function limitParam(text: string | undefined, bounds: { min: number; max: number; usual: number }): number {
  if (text === undefined) return bounds.usual;
  if (!/^\d{1,15}$/.test(text) || Number(text) < bounds.min) throw invalidParam('limit has a wrong value');
  return Math.min(Number(text), bounds.max);
}
