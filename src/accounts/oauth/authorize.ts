import { randomBytes } from 'node:crypto';

import { OAuthError } from '../../matrix/error.ts';
import { codeHash } from '../code-hash.ts';
import type { Account } from '../ports.ts';
import type { Client } from './clients.ts';
import type { OAuthDeps } from './ports.ts';
import { isSameRedirect } from './redirect-uri.ts';
import { deviceOfScope } from './scope.ts';

/** How long a code waits to be exchanged. */
const CODE_LIFE_MS = 60_000;

/** An authorization request of a client that may be answered at its redirect URI. */
export interface AuthorizationRequest {
  readonly client: Client;
  readonly redirectUri: string;
  readonly state: string | undefined;
  readonly isFragment: boolean;
  /** What is wrong with it, which its client is told. */
  readonly fault?: OAuthError;
  readonly deviceId: string;
  readonly codeChallenge: string;
  readonly wantsAccount: boolean;
}

type Params = Readonly<Record<string, string | undefined>>;

/**
 * Reads an authorization request. Throws where the client or its redirect URI is not known: that is told to the person,
 * for nobody else may be. Source: Client-Server API, "Authorisation code flow"; RFC 6749, 4.1.2.1.
 */
export async function readRequest({ clients }: OAuthDeps, params: Params): Promise<AuthorizationRequest> {
  const { client_id: clientId = '', redirect_uri: redirectUri = '', state } = params;
  const client = await clients.find(clientId);
  if (client === undefined) throw new OAuthError('invalid_client', 'This app is not registered here');
  if (!client.redirect_uris.some((registered) => isSameRedirect(registered, redirectUri))) {
    throw new OAuthError('invalid_request', 'The app asked to be answered at an address that is not its own');
  }
  const request = {
    client,
    redirectUri,
    state,
    isFragment: params['response_mode'] === 'fragment',
    wantsAccount: params['prompt'] === 'create',
    codeChallenge: params['code_challenge'] ?? '',
    deviceId: '',
  };
  try {
    checkParams(params, client);
    return { ...request, deviceId: deviceOfScope(params['scope'] ?? '') };
  } catch (fault) {
    if (fault instanceof OAuthError) return { ...request, fault };
    throw fault;
  }
}

function checkParams(params: Params, client: Client): void {
  const { response_type: type, response_mode: mode = 'query', code_challenge: challenge = '', prompt = '' } = params;
  if (type !== 'code') throw new OAuthError('unsupported_response_type', 'response_type has to be code');
  if (!client.grant_types.includes('authorization_code')) {
    throw new OAuthError('unauthorized_client', 'The client did not register for this grant');
  }
  if (mode !== 'query' && mode !== 'fragment') {
    throw new OAuthError('invalid_request', 'response_mode has to be query or fragment');
  }
  if (params['code_challenge_method'] !== 'S256' || !/^[A-Za-z0-9_-]{43}$/.test(challenge)) {
    throw new OAuthError('invalid_request', 'A code_challenge with the method S256 is needed');
  }
  if (prompt === 'none') throw new OAuthError('interaction_required', 'Somebody has to agree');
}

/** Lets the client in as the user. @returns where to send the browser. */
export async function allowClient(deps: OAuthDeps, request: AuthorizationRequest, account: Account): Promise<string> {
  const { client, redirectUri, codeChallenge, deviceId } = request;
  const { clientId } = client;
  const code = `eyc_${randomBytes(32).toString('base64url')}`;
  const now = deps.now();
  const grant = {
    kind: 'code',
    userId: account.userId,
    client: { clientId, deviceId, redirectUri, codeChallenge },
  } as const;
  await deps.clients.setUsed(clientId);
  await deps.grants.put(codeHash(code), grant, now + CODE_LIFE_MS, now);
  return answerAt(request, { code });
}

export const refuseClient = (request: AuthorizationRequest, { code, message }: OAuthError): string =>
  answerAt(request, { error: code, error_description: message });

function answerAt(
  { redirectUri, isFragment, state }: AuthorizationRequest,
  params: Readonly<Record<string, string>>,
): string {
  const text = new URLSearchParams({ ...params, ...(state === undefined ? {} : { state }) }).toString();
  if (isFragment) return `${redirectUri}#${text}`;
  return `${redirectUri}${redirectUri.includes('?') ? '&' : '?'}${text}`;
}
