import type { ServerName } from '../ids/brands.ts';
import { parseServerName } from '../ids/server-name.ts';
import { canonicalJsonBytes } from '../json/canonical-json.ts';
import type { JsonValue } from '../json/json-value.ts';
import { allow, deny, type Result } from '../result.ts';
import { verify, type SigningKey, type VerifyKey } from './ed25519.ts';

/** What the `Authorization` header of a request between servers says. */
export interface XMatrix {
  readonly origin: ServerName;
  /** Older servers leave it out. */
  readonly destination: ServerName | undefined;
  readonly keyId: string;
  /** Unpadded Base64. */
  readonly signature: string;
}

/** What a signature of a request covers. */
export interface SignedRequest {
  readonly method: string;
  /** The request target, `/_matrix/…` with its query, as it stands in the request. */
  readonly uri: string;
  readonly origin: ServerName;
  readonly destination: ServerName;
  /** The parsed body; `undefined` for a request without one. */
  readonly content: JsonValue | undefined;
}

const signedBytes = ({ method, uri, origin, destination, content }: SignedRequest) =>
  canonicalJsonBytes({ method, uri, origin, destination, content });

/**
 * Signs a request. All values are quoted and in the form that older servers read.
 * @returns the value of the `Authorization` header. Source: Server-Server API, "Request Authentication".
 */
export function buildXMatrix(request: SignedRequest, key: SigningKey): string {
  const signature = key.sign(signedBytes(request));
  const { origin, destination } = request;
  return `X-Matrix origin="${origin}",destination="${destination}",key="${key.keyId}",sig="${signature}"`;
}

/** Whether `signature` (Base64) is the key's over the request. Source: Server-Server API, "Request Authentication". */
export function verifyXMatrix(request: SignedRequest, signature: string, key: VerifyKey): boolean {
  return verify(key, signedBytes(request), signature);
}

/**
 * name=value and the commas behind it. The value is a quoted string or a token; colons, slashes and the like are
 * tolerated in a token. RFC 9110 has recipients accept white space around `=` (11.2) and empty list elements (5.6.1).
 */
const PARAMETER =
  /([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))[ \t]*(?:(?:,[ \t]*)+|$)/y;

/**
 * Reads the header: `origin`, `key` and `sig` must be there once, `destination` may, unknown parameters are ignored.
 * Source: Server-Server API, "Request Authentication"; RFC 9110, section 11.4.
 */
export function parseXMatrix(header: string): Result<XMatrix, string> {
  const scheme = /^x-matrix [ \t,]*/i.exec(header);
  if (scheme === null) return deny('not an X-Matrix header');
  const parameters = new Map<string, string>();
  PARAMETER.lastIndex = scheme[0].length;
  while (PARAMETER.lastIndex < header.length) {
    const match = PARAMETER.exec(header);
    if (match === null) return deny('cannot be parsed');
    const [, name = '', quoted, token] = match;
    if (parameters.has(name.toLowerCase())) return deny(`${name} stands twice`);
    parameters.set(name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, '$1') ?? token ?? '');
  }
  return readParameters(parameters);
}

function readParameters(parameters: ReadonlyMap<string, string>): Result<XMatrix, string> {
  const origin = parseServerName(parameters.get('origin') ?? '');
  if (!origin.ok) return deny('no origin');
  const given = parameters.get('destination');
  const destination = given === undefined ? undefined : parseServerName(given);
  if (destination?.ok === false) return deny('the destination is not a server name');
  const [keyId, signature] = [parameters.get('key') ?? '', parameters.get('sig') ?? ''];
  if (!/^ed25519:[a-zA-Z0-9_]+$/.test(keyId)) return deny('no key of a known algorithm');
  if (signature === '') return deny('no signature');
  return allow({ origin: origin.value, destination: destination?.value, keyId, signature });
}
