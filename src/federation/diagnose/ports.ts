import type { ServerName } from '../../matrix/ids/brands.ts';
import type { Result } from '../../matrix/result.ts';
import type { FederationClient } from '../client.ts';
import type { Discovery } from '../discovery.ts';
import type { OwnKeys } from '../own-keys.ts';
import type { FederationPolicy } from '../policy.ts';
import type { Standing } from '../sending/standing.ts';

/** The certificate that a server shows, and whether this machine trusts it for the name. */
export interface CertificateSight {
  readonly protocol: string;
  readonly isTrusted: boolean;
  /** Why not. */
  readonly reason: string;
  readonly subject: string;
  readonly names: string;
  readonly issuer: string;
  /** As the certificate says it. */
  readonly validTo: string;
}

export type ConnectionSight =
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'no-tls'; readonly reason: string }
  | { readonly kind: 'tls'; readonly certificate: CertificateSight };

/** `unasked`: DNS did not answer, which says nothing of the host. */
export interface NoAddress {
  readonly kind: 'none' | 'unasked';
  readonly reason: string;
}

/** What a Worker cannot see by itself. */
export interface Lookout {
  addresses(host: string): Promise<Result<readonly string[], NoAddress>>;
  /** `undefined`: this platform cannot look. */
  readonly connection:
    | ((to: { readonly address: string; readonly port: number; readonly host: string }) => Promise<ConnectionSight>)
    | undefined;
}

export interface DiagnoseDeps {
  readonly serverName: ServerName;
  /** Which knows nothing yet. */
  readonly discovery: Discovery;
  /** Which finds servers by that, and asks this server too. */
  readonly client: FederationClient;
  readonly policy: () => Promise<FederationPolicy>;
  readonly ownKeys: OwnKeys;
  readonly lookout: Lookout;
  readonly allowPrivateAddresses: boolean;
  /** `undefined`: nothing was ever sent to the server. */
  readonly standing: (server: ServerName) => Promise<Standing | undefined>;
  readonly now: () => number;
  readonly randomId: () => string;
}
