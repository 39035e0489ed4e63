import type { ByteRange } from './ports.ts';

/**
 * What a `Range` header asks for: one range of bytes. Several, other units and what cannot be understood are passed
 * over, as RFC 9110 allows: then the whole is answered.
 * @returns `undefined`: the whole; `unsatisfiable`: it begins behind the end.
 * Source: RFC 9110, section 14.
 */
export function requestedRange(header: string | undefined, sizeBytes: number): ByteRange | 'unsatisfiable' | undefined {
  const [, from = '', to = ''] = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/.exec(header ?? '') ?? [];
  if (from === '' && to === '') return undefined;
  if (from === '') {
    const length = Math.min(Number(to), sizeBytes);
    return length === 0 ? 'unsatisfiable' : { offset: sizeBytes - length, length };
  }
  const offset = Number(from);
  const last = to === '' ? sizeBytes - 1 : Number(to);
  if (last < offset && to !== '') return undefined;
  if (offset >= sizeBytes) return 'unsatisfiable';
  return { offset, length: Math.min(last, sizeBytes - 1) - offset + 1 };
}
