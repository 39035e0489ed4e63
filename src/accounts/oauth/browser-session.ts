import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

import { parseUserId } from '../../matrix/ids/user-id.ts';
import type { Account } from '../ports.ts';
import type { OAuthDeps } from './ports.ts';

/** How long somebody stays signed in on the pages, which is no session of the client API. */
export const BROWSER_LIFE_MS = 1_800_000;

type Deps = Pick<OAuthDeps, 'secret' | 'now' | 'accounts'>;

export const newVisitor = (): string => randomBytes(24).toString('base64url');

/** What a form of the pages carries, so that no other page can send it for a visitor. */
export const formToken = ({ secret }: Pick<Deps, 'secret'>, visitor: string): string => seal(secret, 'form', visitor);

export function isFormToken(deps: Pick<Deps, 'secret'>, visitor: string, given: string): boolean {
  return isSame(formToken(deps, visitor), given);
}

/** Names the user, the visitor and the end. It is void when the password changes or the account ends. */
export function signIn(deps: Deps, account: Account, visitor: string): string {
  const user = Buffer.from(account.userId).toString('base64url');
  const until = (deps.now() + BROWSER_LIFE_MS).toString(36);
  return `${user}.${until}.${mark(deps, account, visitor, until)}`;
}

/** Who is signed in; `undefined`: nobody. */
export async function signedIn(deps: Deps, visitor: string, given: string): Promise<Account | undefined> {
  const [user = '', until = '', mac = ''] = given.split('.');
  const userId = parseUserId(Buffer.from(user, 'base64url').toString());
  if (!userId.ok || !(Number.parseInt(until, 36) > deps.now())) return undefined;
  const account = await deps.accounts.find(userId.value);
  if (account === undefined || account.isDeactivated || account.isLocked) return undefined;
  return isSame(mark(deps, account, visitor, until), mac) ? account : undefined;
}

const mark = ({ secret }: Deps, { userId, passwordHash }: Account, visitor: string, until: string): string =>
  seal(secret, 'browser', visitor, userId, until, passwordHash ?? '');

const seal = (secret: string, ...parts: readonly string[]): string =>
  createHmac('sha256', secret)
    .update(['page', ...parts].join('\0'))
    .digest('base64url');

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
