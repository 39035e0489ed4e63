import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

import { encodeBase64Url } from '../matrix/crypto/base64.ts';
import { badJson, forbidden } from '../matrix/error.ts';
import type { Account, AccountsDeps, Nonces } from './ports.ts';
import { createAccount, newUserId } from './register.ts';

/** What whoever knows the shared secret asks for. */
export interface SharedSecretRequest {
  readonly nonce: string;
  readonly username: string;
  readonly password: string;
  readonly admin: boolean;
  readonly userType: string | undefined;
  /** HMAC-SHA1 in hexadecimal digits, as Synapse's `register_new_matrix_user` makes it. */
  readonly mac: string;
}

export interface SharedSecretDeps {
  readonly accounts: AccountsDeps;
  readonly nonces: Nonces;
  /** `undefined`: nobody may register so. */
  readonly sharedSecret: string | undefined;
  /** The deployment's secret: signs the nonces, so that giving one out stores nothing. */
  readonly secret: string;
}

const NONCE_LIFE_MS = 60_000;

/** Makes a nonce. Throws `M_FORBIDDEN` where there is no shared secret. */
export function newNonce(deps: SharedSecretDeps): string {
  sharedSecretOf(deps);
  const body = `${(deps.accounts.now() + NONCE_LIFE_MS).toString(36)}.${encodeBase64Url(randomBytes(12))}`;
  return `${body}.${sign(deps.secret, body)}`;
}

/**
 * Makes an account, whatever the registration setting says. Throws `M_FORBIDDEN` for a wrong MAC, `M_BAD_JSON` for a
 * nonce that is not ours, has run out or was used, and what {@link createAccount} throws. A nonce is used up by the
 * first request that knows the secret, also when that fails.
 */
export async function registerWithSharedSecret(deps: SharedSecretDeps, request: SharedSecretRequest): Promise<Account> {
  const sharedSecret = sharedSecretOf(deps);
  const now = deps.accounts.now();
  const expiresTs = expiryOf(deps.secret, request.nonce);
  if (expiresTs === undefined || expiresTs <= now) throw badJson('The nonce is unknown or has run out');
  const given = Buffer.from(request.mac.toLowerCase());
  const expected = Buffer.from(macOf(sharedSecret, request));
  if (given.byteLength !== expected.byteLength || !timingSafeEqual(given, expected)) throw forbidden('Wrong MAC');
  if (!(await deps.nonces.use(request.nonce, expiresTs, now))) throw badJson('The nonce was used before');
  const userId = newUserId(deps.accounts, request.username);
  return createAccount(deps.accounts, { userId, password: request.password, isAdmin: request.admin });
}

function sharedSecretOf({ sharedSecret }: SharedSecretDeps): string {
  if (sharedSecret === undefined) throw forbidden('Registration with a shared secret is not enabled');
  return sharedSecret;
}

/** Source: Synapse, "Shared-Secret Registration". */
function macOf(
  sharedSecret: string,
  { nonce, username, password, admin, userType }: Omit<SharedSecretRequest, 'mac'>,
): string {
  const parts = [
    nonce,
    username,
    password,
    admin ? 'admin' : 'notadmin',
    ...(userType === undefined ? [] : [userType]),
  ];
  return createHmac('sha1', sharedSecret).update(parts.join('\0')).digest('hex');
}

function expiryOf(secret: string, nonce: string): number | undefined {
  const [expires = '', random = '', signature = ''] = nonce.split('.');
  const expected = Buffer.from(sign(secret, `${expires}.${random}`));
  const given = Buffer.from(signature);
  if (given.byteLength !== expected.byteLength || !timingSafeEqual(given, expected)) return undefined;
  return Number.parseInt(expires, 36);
}

function sign(secret: string, body: string): string {
  return createHmac('sha256', secret).update(`nonce\0${body}`).digest('base64url');
}
