import { createHash } from 'node:crypto';

import { OAuthError } from '../../matrix/error.ts';
import { httpsUrl, isHostOf, mayRedirectTo } from './redirect-uri.ts';

export const GRANT_TYPES = [
  'authorization_code',
  'refresh_token',
  'urn:ietf:params:oauth:grant-type:device_code',
] as const;

/** What is kept of the metadata of a client. Source: Client-Server API, "Client metadata". */
export interface ClientMetadata {
  readonly client_uri: string;
  readonly client_name?: string;
  readonly tos_uri?: string;
  readonly policy_uri?: string;
  readonly redirect_uris: readonly string[];
  readonly grant_types: readonly string[];
  readonly response_types: readonly string[];
  readonly token_endpoint_auth_method: 'none';
  readonly application_type: 'web' | 'native';
}

export interface Client extends ClientMetadata {
  readonly clientId: string;
}

/** Registered clients, in D1. */
export interface ClientStore {
  put(clientId: string, metadata: ClientMetadata, now: number): Promise<void>;
  find(clientId: string): Promise<Client | undefined>;
  /** Somebody let it in: it stays. */
  setUsed(clientId: string): Promise<void>;
}

/** What a client says of itself, as far as it is known here. */
export interface ClientWish {
  readonly client_uri: string;
  readonly client_name?: string | undefined;
  readonly tos_uri?: string | undefined;
  readonly policy_uri?: string | undefined;
  readonly redirect_uris?: readonly string[] | undefined;
  readonly grant_types?: readonly string[] | undefined;
  readonly application_type?: 'web' | 'native' | undefined;
}

/**
 * Registers a client; the same metadata give the same ID. Grants that are not there are left out, and no client has a
 * secret. Throws `invalid_client_metadata`, `invalid_redirect_uri`. Source: Client-Server API, "Client registration".
 */
export async function registerClient(
  { clients, now }: { readonly clients: ClientStore; readonly now: () => number },
  wish: ClientWish,
): Promise<Client> {
  const home = httpsUrl(wish.client_uri);
  if (home === undefined) throw new OAuthError('invalid_client_metadata', 'client_uri is no https URL');
  for (const uri of [wish.tos_uri, wish.policy_uri]) {
    const url = uri === undefined ? home : httpsUrl(uri);
    if (url === undefined || !isHostOf(home, url)) {
      throw new OAuthError('invalid_client_metadata', 'tos_uri and policy_uri are at the host of client_uri');
    }
  }
  const grants = GRANT_TYPES.filter((type) => (wish.grant_types ?? ['authorization_code']).includes(type));
  const redirects = wish.redirect_uris ?? [];
  const applicationType = wish.application_type ?? 'web';
  const takesCodes = grants.includes('authorization_code');
  if (takesCodes && redirects.length === 0) throw new OAuthError('invalid_redirect_uri', 'redirect_uris is missing');
  if (!redirects.every((uri) => mayRedirectTo(home, uri, applicationType === 'native'))) {
    throw new OAuthError('invalid_redirect_uri', 'A redirect URI does not belong to the client');
  }
  const metadata: ClientMetadata = {
    client_uri: wish.client_uri,
    ...(wish.client_name === undefined ? {} : { client_name: wish.client_name }),
    ...(wish.tos_uri === undefined ? {} : { tos_uri: wish.tos_uri }),
    ...(wish.policy_uri === undefined ? {} : { policy_uri: wish.policy_uri }),
    redirect_uris: redirects,
    grant_types: grants,
    response_types: takesCodes ? ['code'] : [],
    token_endpoint_auth_method: 'none',
    application_type: applicationType,
  };
  const clientId = createHash('sha256').update(JSON.stringify(metadata)).digest('base64url').slice(0, 26);
  await clients.put(clientId, metadata, now());
  return { clientId, ...metadata };
}

/** What people are shown of a client: its name is its own word, its host is not. */
export const hostOf = ({ client_uri: uri }: Client): string => new URL(uri).host;
