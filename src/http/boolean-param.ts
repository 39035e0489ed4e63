import { invalidParam } from '../matrix/error.ts';

/** Reads a query parameter that is `true` or `false`, `undefined` where it is missing. Throws `M_INVALID_PARAM`. */
export function booleanParam(name: string, text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  if (text !== 'true' && text !== 'false') throw invalidParam(`${name} is neither true nor false`);
  return text === 'true';
}
