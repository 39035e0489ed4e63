import { OAuthError } from '../../matrix/error.ts';
import { readBodyText } from '../middleware/json-body.ts';

const MAX_FORM_BYTES = 16_384;

export type Params = Readonly<Record<string, string | undefined>>;

/** A body of `application/x-www-form-urlencoded`. Throws `invalid_request` for a parameter that is there twice. */
export async function readForm(request: Request): Promise<Params> {
  return readParams(new URLSearchParams(await readBodyText(request, MAX_FORM_BYTES)));
}

/** Source: RFC 6749, 3.1: none may be there twice, and an empty one is none. */
export function readParams(search: URLSearchParams): Params {
  const params = new Map<string, string>();
  for (const [name, value] of search) {
    if (value === '') continue;
    if (params.has(name)) throw new OAuthError('invalid_request', 'A parameter is there twice');
    params.set(name, value);
  }
  return Object.fromEntries(params);
}
