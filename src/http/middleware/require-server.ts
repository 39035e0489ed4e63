import type { MiddlewareHandler } from 'hono';

import type { RequestVerifier } from '../../federation/verify-request.ts';
import { forbidden, notJson, unauthorized } from '../../matrix/error.ts';
import type { ServerName } from '../../matrix/ids/brands.ts';
import type { JsonValue } from '../../matrix/json/json-value.ts';
import { parseJson } from '../../matrix/json/strict-json.ts';
import { readBodyText } from './json-body.ts';

const MAX_BODY_BYTES = 10 * 1024 * 1024;
const FEDERATION_OFF = 'Federation is disabled';

/** What an endpoint for other servers knows of its caller. */
export interface FromServer {
  Variables: {
    requester: { readonly origin: ServerName };
    /** The parsed body; `undefined` where there is none. */
    body: JsonValue | undefined;
  };
}

export type RequireServer = MiddlewareHandler<FromServer>;

interface RequireServerDeps {
  readonly verifier: RequestVerifier;
  /** Told of every verified origin. What it returns may go on after the answer; it never rejects. */
  readonly onVerified: (origin: ServerName) => Promise<void> | undefined;
  /** Counts a request of a verified origin: nobody uses up what is another's. Throws `M_LIMIT_EXCEEDED`. */
  readonly limit: (origin: ServerName) => void;
}

/**
 * Lets only other servers in: `M_UNAUTHORIZED` without a valid signature, `M_FORBIDDEN` where federation is off or the
 * origin is not in the allow list, `M_LIMIT_EXCEEDED` for one that asks too much. It stands in every route under `/_matrix/federation/` that the specification does
 * not open. Source: Server-Server API, "Request Authentication".
 */
export const requireServer =
  ({ verifier, onVerified, limit }: RequireServerDeps): RequireServer =>
  async (c, next) => {
    const header = await verifier.admit(c.req.header('authorization'));
    if (!header.ok) {
      if (header.reason.kind === 'unauthorized') throw unauthorized(header.reason.reason);
      throw forbidden(
        header.reason.kind === 'federation-off' ? FEDERATION_OFF : 'This server does not federate with yours',
      );
    }
    const text = await readBodyText(c.req.raw, MAX_BODY_BYTES);
    const parsed = text === '' ? undefined : parseJson(text);
    if (parsed?.ok === false) throw notJson('The body is not JSON');
    const request = { method: c.req.method, target: rawTarget(c.req.raw.url), content: parsed?.value };
    const origin = await verifier.verify(header.value, request);
    if (!origin.ok) throw unauthorized(origin.reason);
    limit(origin.value);
    const work = onVerified(origin.value);
    if (work !== undefined) c.executionCtx.waitUntil(work);
    c.set('requester', { origin: origin.value });
    c.set('body', parsed?.value);
    await next();
  };

/**
 * Stands in the routes below `/_matrix/federation/` that the specification opens to callers who do not sign, but for the
 * version: `M_FORBIDDEN` where federation is off.
 */
export const requireFederation =
  (verifier: Pick<RequestVerifier, 'isFederating'>): MiddlewareHandler =>
  async (_c, next) => {
    if (!(await verifier.isFederating())) throw forbidden(FEDERATION_OFF);
    await next();
  };

/** Path and query as they stand in the URL: a parser would re-encode them, and the signature covers them as they are. */
function rawTarget(url: string): string {
  return url.slice(url.indexOf('/', url.indexOf('://') + 3));
}
