import type { EventId, RoomId, ServerName } from '../../matrix/ids/brands.ts';
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

/** An event of a user of ours that a server was sent, and answered that it has it. */
export interface SentEvent {
  readonly roomId: RoomId;
  readonly roomVersion: string;
  readonly eventId: EventId;
  /** When it was made (ms). */
  readonly ts: number;
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
  /** The newest one of some rooms that are shared with it, and how many of them were looked at. */
  readonly lastSent: (server: ServerName) => Promise<{ readonly rooms: number; readonly sent: SentEvent | undefined }>;
  readonly after: (delayMs: number) => Promise<void>;
  readonly now: () => number;
  readonly randomId: () => string;
}
