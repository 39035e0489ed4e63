import { parseXMatrix, verifyXMatrix, type XMatrix } from '../matrix/crypto/x-matrix.ts';
import type { ServerName } from '../matrix/ids/brands.ts';
import type { JsonValue } from '../matrix/json/json-value.ts';
import { allow, deny, type Result } from '../matrix/result.ts';
import type { KeyRing } from './key-ring.ts';
import { policyRefusal, type FederationPolicy, type PolicyRefusal } from './policy.ts';

export interface RequestVerifier {
  /** Whether federation is on: what a route asks that is open to callers who do not sign. */
  isFederating(): Promise<boolean>;
  /**
   * The cheap half, before the body is read: header, destination, federation switch and allow list. A stranger costs
   * nothing more than this.
   */
  admit(header: string | undefined): Promise<Result<XMatrix, PolicyRefusal | { kind: 'unauthorized'; reason: string }>>;
  /**
   * The signature, with a key of the origin that is valid now.
   * @param request.target path and query as received, not re-encoded.
   * @returns why not. A key that cannot be fetched lets nobody in.
   */
  verify(
    header: XMatrix,
    request: { readonly method: string; readonly target: string; readonly content: JsonValue | undefined },
  ): Promise<Result<ServerName, string>>;
}

/** The one place that verifies other servers. Source: Server-Server API, "Request Authentication". */
export function createRequestVerifier(options: {
  readonly serverName: ServerName;
  readonly keys: KeyRing;
  readonly policy: () => Promise<FederationPolicy>;
  readonly now: () => number;
}): RequestVerifier {
  const { serverName, keys, now } = options;
  const unauthorized = (reason: string) => deny({ kind: 'unauthorized' as const, reason });
  return {
    isFederating: async () => (await options.policy()).enabled,

    async admit(header) {
      const policy = await options.policy();
      if (!policy.enabled) return deny({ kind: 'federation-off' });
      if (header === undefined) return unauthorized('The Authorization header is missing');
      const parsed = parseXMatrix(header);
      if (!parsed.ok) return unauthorized(`The Authorization header is wrong: ${parsed.reason}`);
      const { origin, destination } = parsed.value;
      // A header without a destination is accepted; what was signed names one all the same, and it has to be us.
      if (destination !== undefined && destination !== serverName)
        return unauthorized('The destination is not this server');
      if (origin === serverName) return unauthorized('The origin is this server');
      const refusal = policyRefusal(policy, origin);
      return refusal === undefined ? parsed : deny(refusal);
    },

    async verify({ origin, keyId, signature }, { method, target, content }) {
      const key = await keys.keyFor(origin, keyId, now());
      if (key === 'unavailable') return deny('The key of the origin cannot be fetched');
      if (key === 'unknown') return deny('The key is not a valid key of the origin');
      const signedAs = (uri: string) =>
        verifyXMatrix({ method, uri, origin, destination: serverName, content }, signature, key);
      // The platform may have written an apostrophe of the query as %27 (measured on Miniflare's TLS socket).
      const isSigned = signedAs(target) || (target.includes('%27') && signedAs(target.replaceAll('%27', "'")));
      return isSigned ? allow(origin) : deny('The signature of the request is wrong');
    },
  };
}
