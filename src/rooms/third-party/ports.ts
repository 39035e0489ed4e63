import type { RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { Result } from '../../matrix/result.ts';
import type { RemoteFailure, RoomsDeps } from '../ports.ts';

/** An identity server, and the client's own token for it. */
export interface IdentityAccess {
  readonly server: ServerName;
  readonly token: string;
}

/** An address that is no user ID. Source: Appendices, "3PID Types". */
export interface ThirdPartyAddress {
  readonly medium: string;
  readonly address: string;
}

/** What an identity server keeps of an invitation until somebody proves that the address is theirs. */
export interface StoredInvite {
  readonly token: string;
  readonly displayName: string;
  /** At least one. */
  readonly publicKeys: readonly JsonObject[];
}

/** Identity servers, each call bounded. What they refuse, and that they cannot be reached, is thrown as MatrixError. */
export interface IdentityServers {
  lookUp(access: IdentityAccess, address: ThirdPartyAddress): Promise<UserId | undefined>;
  /** @param invitation what the message to the address may name. */
  storeInvite(access: IdentityAccess, invitation: JsonObject): Promise<StoredInvite>;
  /** Whether an identity server still stands by a key. @param url `key_validity_url` of the key. */
  isKeyValid(url: string, publicKey: string): Promise<boolean>;
}

/** The proof that an address belongs to a user, signed by an identity server. */
export interface SignedBinding extends JsonObject {
  readonly mxid: UserId;
  readonly token: string;
}

/** What the exchange of an invitation of an address for one of a user needs. */
export interface ExchangeDeps {
  readonly rooms: RoomsDeps;
  readonly room: {
    /** Throws `M_NOT_FOUND` for a room that is not ours, `M_FORBIDDEN` for whom its ACL keeps out and for none. */
    thirdPartyInvite(call: {
      roomId: RoomId;
      origin: ServerName;
      token: string;
    }): Promise<{ readonly sender: UserId; readonly content: JsonObject }>;
  };
  readonly identity: Pick<IdentityServers, 'isKeyValid'>;
}

/** What somebody's newly bound address brings. */
export interface BindingDeps extends ExchangeDeps {
  readonly remoteExchange: (
    server: ServerName,
    query: { readonly roomId: RoomId; readonly event: JsonObject },
  ) => Promise<Result<void, RemoteFailure>>;
}
