import { missingParam, notFound } from '../../../matrix/error.ts';

const FORMAT = /^[1-9]\d{0,14}$/;

/** A version as we give them. Throws `M_NOT_FOUND` for what cannot be one. */
export function versionOf(text: string): number {
  if (!FORMAT.test(text)) throw notFound('There is no such backup');
  return Number(text);
}

/** The query parameter `version`. Throws `M_MISSING_PARAM`, `M_NOT_FOUND`. */
export function versionIn(text: string | undefined): number {
  if (text === undefined || text === '') throw missingParam('Missing: version');
  return versionOf(text);
}
