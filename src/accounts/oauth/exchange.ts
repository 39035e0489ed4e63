import { createHash, timingSafeEqual } from 'node:crypto';

import { MatrixError, OAuthError } from '../../matrix/error.ts';
import { codeHash } from '../code-hash.ts';
import { openSession, TOKEN_LIFE_MS } from '../open-session.ts';
import type { EndedSession, Grant } from '../ports.ts';
import { requireDecided } from './device-grant.ts';
import type { OAuthDeps } from './ports.ts';
import { grantedScope } from './scope.ts';

type Params = Readonly<Record<string, string | undefined>>;

export interface TokenAnswer {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresInMs: number;
  /** Of a refresh `undefined`: it stays. */
  readonly scope: string | undefined;
}

/**
 * Exchanges a code or a refresh token for a session like any other. Throws what the client is told.
 * Source: Client-Server API, "Grant types"; RFC 6749, 5.
 * @param hasEnded is told of a session that ends, since its code or refresh token was used before.
 */
export async function exchange(
  deps: OAuthDeps,
  params: Params,
  hasEnded: (session: EndedSession) => void,
): Promise<TokenAnswer> {
  const client = await deps.clients.find(params['client_id'] ?? '');
  if (client === undefined) throw new OAuthError('invalid_client', 'The client is not registered', 401);
  const { clientId } = client;
  switch (params['grant_type']) {
    case 'authorization_code':
      return redeemCode(deps, { clientId, params }, hasEnded);
    case 'refresh_token':
      return refresh(deps, { clientId, token: params['refresh_token'] ?? '' }, hasEnded);
    case 'urn:ietf:params:oauth:grant-type:device_code': {
      const code = params['device_code'] ?? '';
      await requireDecided(deps, code);
      return sessionOf(deps, clientId, await deps.grants.take('device', codeHash(code), deps.now()));
    }
    case undefined:
      throw new OAuthError('invalid_request', 'grant_type is missing');
    default:
      throw new OAuthError('unsupported_grant_type', 'There is no such grant here');
  }
}

/** What a code led to is known this long after it. */
const REMEMBER_REDEEMED_MS = 600_000;

/**
 * A code is used up by whoever names it, also where the rest is wrong; who names one that led to a session ends that.
 * Source: RFC 6749, 4.1.2.
 */
async function redeemCode(
  deps: OAuthDeps,
  { clientId, params }: { readonly clientId: string; readonly params: Params },
  hasEnded: (session: EndedSession) => void,
): Promise<TokenAnswer> {
  const { code, code_verifier: verifier, redirect_uri: redirectUri } = params;
  if (code === undefined || verifier === undefined || redirectUri === undefined) {
    throw new OAuthError('invalid_request', 'code, code_verifier and redirect_uri are needed');
  }
  const [hash, now] = [codeHash(code), deps.now()];
  const grant = await deps.grants.take('code', hash, now);
  if (grant === undefined) await endSessionOf(deps, await deps.grants.take('redeemed', hash, now), hasEnded);
  const { clientId: of, codeChallenge = '', redirectUri: asked = '' } = grant?.client ?? {};
  const isTheirs = of === clientId && redirectUri === asked && isVerifier(verifier, codeChallenge);
  if (grant === undefined || !isTheirs) throw invalidGrant();
  // Before the session, so that there is none of which this is not known.
  await deps.grants.put(hash, { ...grant, kind: 'redeemed' }, now + REMEMBER_REDEEMED_MS, now);
  return sessionOf(deps, clientId, grant);
}

async function endSessionOf(
  deps: OAuthDeps,
  redeemed: Grant | undefined,
  hasEnded: (session: EndedSession) => void,
): Promise<void> {
  const account = redeemed === undefined ? undefined : await deps.accounts.find(redeemed.userId);
  if (account === undefined || redeemed?.client === undefined) return;
  const { deviceId } = redeemed.client;
  await deps.sessions.close(account, deviceId);
  hasEnded({ userId: account.userId, deviceId });
}

/** Source: RFC 7636, 4.6. */
function isVerifier(verifier: string, challenge: string): boolean {
  if (!/^[A-Za-z0-9._~-]{43,128}$/.test(verifier)) return false;
  const [a, b] = [createHash('sha256').update(verifier).digest(), Buffer.from(challenge, 'base64url')];
  return a.length === b.length && timingSafeEqual(a, b);
}

async function sessionOf(deps: OAuthDeps, clientId: string, grant: Grant | undefined): Promise<TokenAnswer> {
  const account = grant?.client?.clientId === clientId ? await deps.accounts.find(grant.userId) : undefined;
  const deviceId = grant?.client?.deviceId;
  if (account === undefined || deviceId === undefined || account.isDeactivated) throw invalidGrant();
  const wish = { deviceId, clientId, initialDisplayName: undefined, wantsRefreshToken: true };
  const { accessToken, refreshToken = '' } = await openSession(deps, account, wish).catch(asOAuth);
  return { accessToken, refreshToken, expiresInMs: TOKEN_LIFE_MS, scope: grantedScope(deviceId) };
}

async function refresh(
  deps: OAuthDeps,
  { clientId, token }: { readonly clientId: string; readonly token: string },
  hasEnded: (session: EndedSession) => void,
): Promise<TokenAnswer> {
  const shard = deps.sessionTokens.shardOf(token);
  if (shard === undefined) throw invalidGrant();
  const accessToken = deps.sessionTokens.make(shard);
  const refreshToken = deps.sessionTokens.make(shard);
  const expiresTs = deps.now() + TOKEN_LIFE_MS;
  const asked = { token, accessToken, refreshToken, expiresTs, clientId };
  const ended = await deps.sessions.refresh(shard, asked).catch(asOAuth);
  if (ended !== undefined) {
    hasEnded(ended);
    throw invalidGrant();
  }
  return { accessToken, refreshToken, expiresInMs: TOKEN_LIFE_MS, scope: undefined };
}

/** A client that is told 4xx takes itself for logged out, so what passes is 503. */
function asOAuth(error: unknown): never {
  if (!(error instanceof MatrixError)) throw error;
  if (error.errcode === 'M_LIMIT_EXCEEDED' || error.errcode === 'M_USER_LOCKED') {
    throw new OAuthError('temporarily_unavailable', error.message, 503);
  }
  if (error.status >= 500) throw error;
  throw invalidGrant();
}

const invalidGrant = () => new OAuthError('invalid_grant', 'The code or token is not valid');
