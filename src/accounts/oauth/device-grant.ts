import { createHmac, randomBytes, randomInt } from 'node:crypto';

import { OAuthError } from '../../matrix/error.ts';
import { codeHash } from '../code-hash.ts';
import type { Account } from '../ports.ts';
import type { Client } from './clients.ts';
import type { OAuthDeps } from './ports.ts';
import { deviceOfScope } from './scope.ts';

export const DEVICE_CODE_LIFE_MS = 900_000;

/** A client asks no more often, in milliseconds. */
export const POLL_INTERVAL_MS = 5_000;

/** No vowels and nothing that looks like something else. Source: RFC 8628, 6.1. */
const ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ';
const USER_CODE_LENGTH = 8;

/** Throws `invalid_client`, `unauthorized_client`, `invalid_scope`. Source: RFC 8628, 3.1. */
export async function beginDeviceGrant(
  deps: OAuthDeps,
  params: { readonly clientId: string; readonly scope: string },
): Promise<{ readonly deviceCode: string; readonly userCode: string }> {
  const client = await deps.clients.find(params.clientId);
  if (client === undefined) throw new OAuthError('invalid_client', 'The client is not registered', 401);
  if (!client.grant_types.includes('urn:ietf:params:oauth:grant-type:device_code')) {
    throw new OAuthError('unauthorized_client', 'The client did not register for this grant');
  }
  const deviceId = deviceOfScope(params.scope);
  const deviceCode = `eyd_${randomBytes(32).toString('base64url')}`;
  const letters = Array.from({ length: USER_CODE_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  const now = deps.now();
  await deps.grants.putPending(
    codeHash(deviceCode),
    { userCodeHash: userCodeHash(deps, letters), clientId: client.clientId, deviceId },
    now + DEVICE_CODE_LIFE_MS,
    now,
  );
  return { deviceCode, userCode: `${letters.slice(0, 4)}-${letters.slice(4)}` };
}

/** What waits for the person who types this; `undefined`: nothing. */
export async function pendingClient(
  deps: OAuthDeps,
  userCode: string,
): Promise<{ readonly client: Client; readonly deviceId: string } | undefined> {
  const pending = await deps.grants.findPending(userCodeHash(deps, userCode), deps.now());
  const client = pending === undefined ? undefined : await deps.clients.find(pending.clientId);
  return pending === undefined || client === undefined ? undefined : { client, deviceId: pending.deviceId };
}

/** @returns false if nothing waits for this code any more. */
export async function decidePending(
  deps: OAuthDeps,
  account: Account,
  userCode: string,
  isAllowed: boolean,
): Promise<boolean> {
  const pending = await pendingClient(deps, userCode);
  if (pending !== undefined && isAllowed) await deps.clients.setUsed(pending.client.clientId);
  return deps.grants.decide(userCodeHash(deps, userCode), account.userId, isAllowed, deps.now());
}

/** Throws what a client that asks too early, too often or in vain is told. Source: RFC 8628, 3.5. */
export async function requireDecided(deps: OAuthDeps, deviceCode: string): Promise<void> {
  const now = deps.now();
  const polled = await deps.grants.poll(codeHash(deviceCode), now);
  if (polled === undefined) throw new OAuthError('expired_token', 'The code has run out, was used or was never given');
  if (polled.status === 'denied') throw new OAuthError('access_denied', 'The user refused');
  if (polled.status === 'allowed') return;
  if (polled.polledTs !== undefined && now - polled.polledTs < POLL_INTERVAL_MS) {
    throw new OAuthError('slow_down', 'Ask less often');
  }
  throw new OAuthError('authorization_pending', 'The user has not decided yet');
}

/** It is short: without the deployment's secret it would be found from a hash. */
function userCodeHash({ secret }: OAuthDeps, userCode: string): string {
  const letters = userCode.toUpperCase().replaceAll(/[^A-Z]/g, '');
  return createHmac('sha256', secret).update(`user code\0${letters}`).digest('base64url');
}
