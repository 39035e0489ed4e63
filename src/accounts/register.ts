import { createHash, randomInt, timingSafeEqual } from 'node:crypto';

import {
  exclusive,
  forbidden,
  guestAccessForbidden,
  invalidParam,
  invalidUsername,
  missingParam,
  unauthorized,
  unknownToken,
  userInUse,
} from '../matrix/error.ts';
import { isValidNewLocalpart, makeUserId } from '../matrix/ids/user-id.ts';
import type { UserId } from '../matrix/ids/brands.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';
import { policyVersions, type Policies } from '../matrix/policies.ts';
import { hashPassword, MAX_PASSWORD_BYTES } from './password.ts';
import type { Account, AccountsDeps, NewAccount, RegistrationGate } from './ports.ts';
import { challenge, isFlow, requireStage, SESSION_LIFE_MS, sessionOf, type Uia } from './uia.ts';

const MADE_UP_LENGTH = 12;

const DUMMY = 'm.login.dummy';
const REGISTRATION_TOKEN = 'm.login.registration_token';
const TERMS = 'm.login.terms';

/**
 * The user ID of a new account; capitals become small letters. Throws `M_INVALID_USERNAME`.
 * Source: Client-Server API, "Account registration".
 */
export function newUserId(deps: Pick<AccountsDeps, 'serverName'>, username: string): UserId {
  const localpart = username.toLowerCase();
  if (!isValidNewLocalpart(localpart)) {
    throw invalidUsername('User names hold only lower case letters, digits and ._=-/+');
  }
  const userId = makeUserId(localpart, deps.serverName);
  if (!userId.ok) throw invalidUsername('The user name is too long');
  return userId.value;
}

/**
 * Throws `M_INVALID_USERNAME`, and `M_USER_IN_USE`, also for a name that a deactivated account had.
 * @param check may refuse the user ID before it is told whether that is taken.
 */
export async function freeUserId(
  deps: AccountsDeps,
  username: string,
  check: (userId: UserId) => void | Promise<void>,
): Promise<UserId> {
  const userId = newUserId(deps, username);
  await check(userId);
  if ((await deps.accounts.find(userId)) !== undefined) throw userInUse('That user name is taken');
  return userId;
}

/**
 * Registers an account by user-interactive authentication. Throws `M_FORBIDDEN` where nobody may register, 401 with the
 * flows, and what {@link freeUserId} throws, which comes first. Source: Client-Server API, `POST /register`.
 */
export async function register(
  deps: AccountsDeps,
  request: {
    readonly username: string | undefined;
    readonly password: string | undefined;
    readonly auth: unknown;
    /** The documents were shown and accepted elsewhere. */
    readonly hasAccepted?: boolean;
    /** Of the guest whose account becomes an ordinary one. */
    readonly guestAccessToken?: string | undefined;
  },
): Promise<Account> {
  const policies = await deps.policies();
  const uia = await registrationUia(deps, policies);
  const { username, guestAccessToken } = request;
  const isUpgrade = guestAccessToken !== undefined;
  const userId = isUpgrade
    ? await requireGuest(deps, username, guestAccessToken)
    : await freeUserId(deps, username ?? madeUpName(), (candidate) => requireOpen(deps, candidate));
  const { auth, completed, gate } = await passStages(deps, uia, request);
  if (request.password === undefined) throw missingParam('Missing: password');
  const made = {
    userId,
    passwordHash: await hashNewPassword(deps, request.password),
    gate,
    policies: policyVersions(policies),
    now: deps.now(),
  };
  if (isUpgrade) return upgraded(deps, made);
  const creation = await deps.accounts.create({ ...made, isAdmin: false });
  switch (creation.kind) {
    case 'created':
      return creation.account;
    case 'in-use':
      throw userInUse('That user name is taken');
    case 'gate-shut':
      throw challenge(uia, deps, { auth, completed, failed: invalidToken() });
  }
}

/** Throws `M_FORBIDDEN` where nobody may register. */
async function registrationUia(deps: AccountsDeps, policies: Policies): Promise<Uia> {
  const stages = await stagesOf(deps);
  if (stages.length === 0) throw forbidden('Registration is closed');
  if (Object.keys(policies).length === 0) return { operation: 'register', flows: stages.map((stage) => [stage]) };
  return {
    // Who has accepted one version has not accepted another.
    operation: `register ${JSON.stringify(policyVersions(policies))}`,
    // First, so that what makes the account is the stage that uses up a token. Who needs none has nothing else to do.
    flows: stages.map((stage) => (stage === DUMMY ? [TERMS] : [TERMS, stage])),
    params: { [TERMS]: { policies: policies as unknown as JsonObject } },
  };
}

/**
 * Passes the stage that a request brings. @returns where that was the last of a flow: what was passed before it, and what
 * lets the account be made. Throws 401 otherwise.
 */
async function passStages(
  deps: AccountsDeps,
  uia: Uia,
  request: { readonly auth: unknown; readonly hasAccepted?: boolean },
): Promise<{ auth: JsonObject; completed: readonly string[]; gate: RegistrationGate | undefined }> {
  const hasSeveral = uia.flows.some((flow) => flow.length > 1);
  const session = sessionOf(uia, request.auth, deps);
  const before = hasSeveral ? await deps.passedStages.of(session) : [];
  const completed = request.hasAccepted === true && uia.params !== undefined ? [TERMS] : before;
  const auth = { ...requireStage(uia, request.auth, deps, completed), session };
  const gate = await passStage(deps, { uia, completed, auth });
  const passed = [...completed, auth.type];
  if (isFlow(uia, passed)) return { auth, completed, gate };
  const now = deps.now();
  await deps.passedStages.put(session, passed, { now, expiresTs: now + SESSION_LIFE_MS });
  throw challenge(uia, deps, { auth, completed: passed });
}

/**
 * Makes an account of a guest. Throws `M_GUEST_ACCESS_FORBIDDEN` where there are none.
 * Source: Client-Server API, "Guest access".
 */
export async function registerGuest(deps: AccountsDeps): Promise<Account> {
  if (!(await deps.admitsGuests())) throw guestAccessForbidden('Guests are not admitted');
  const userId = await freeUserId(deps, madeUpName(), (candidate) => requireOpen(deps, candidate));
  const creation = await deps.accounts.create({
    userId,
    passwordHash: undefined,
    isAdmin: false,
    isGuest: true,
    gate: undefined,
    now: deps.now(),
  });
  if (creation.kind !== 'created') throw userInUse('That user name is taken');
  return creation.account;
}

/** The guest who registers in full. Throws `M_MISSING_PARAM`, `M_UNKNOWN_TOKEN`, `M_FORBIDDEN`. */
async function requireGuest(deps: AccountsDeps, username: string | undefined, token: string): Promise<UserId> {
  if (username === undefined) throw missingParam('Missing: username');
  const userId = newUserId(deps, username);
  const shard = deps.sessionTokens.shardOf(token);
  if (shard === undefined) throw unknownToken('Unknown guest access token');
  const guest = await deps.sessions.of(shard, token);
  if (guest.userId !== userId || guest.isGuest !== true) throw forbidden('This is not the token of such a guest');
  return userId;
}

async function upgraded(deps: AccountsDeps, guest: Omit<NewAccount, 'isAdmin' | 'isGuest'>): Promise<Account> {
  if (guest.gate?.kind === 'bootstrap') throw forbidden('The first administrator is nobody who was a guest');
  const isDone = await deps.accounts.upgradeGuest(guest);
  const account = isDone ? await deps.accounts.find(guest.userId) : undefined;
  if (account === undefined) throw forbidden('The guest is none any more, or the registration token was used up');
  return account;
}

/** Throws `M_EXCLUSIVE` for a user whom only an application service may make. */
export async function requireOpen(deps: Pick<AccountsDeps, 'isReserved'>, userId: UserId): Promise<void> {
  if (await deps.isReserved(userId)) throw exclusive('That user name belongs to an application service');
}

/** Makes an account for somebody who may make any. Throws `M_USER_IN_USE`. */
export async function createAccount(
  deps: AccountsDeps,
  input: { readonly userId: UserId; readonly password: string | undefined; readonly isAdmin: boolean },
): Promise<Account> {
  const { userId, password, isAdmin } = input;
  const passwordHash = password === undefined ? undefined : await hashNewPassword(deps, password);
  const creation = await deps.accounts.create({ userId, passwordHash, isAdmin, gate: undefined, now: deps.now() });
  if (creation.kind !== 'created') throw userInUse('That user name is taken');
  return creation.account;
}

/** Throws `M_INVALID_PARAM` for a password that cannot be one. */
export async function hashNewPassword(deps: Pick<AccountsDeps, 'passwordCost'>, password: string): Promise<string> {
  if (password === '') throw invalidParam('A password may not be empty');
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) {
    throw invalidParam(`A password may have at most ${MAX_PASSWORD_BYTES} bytes`);
  }
  return hashPassword(password, deps.passwordCost);
}

/** Whether a registration token would be accepted now. Throws `M_FORBIDDEN` where no token is. */
export async function isTokenValid(deps: AccountsDeps, token: string): Promise<boolean> {
  const stages = await stagesOf(deps);
  if (!stages.includes(REGISTRATION_TOKEN)) throw forbidden('This server takes no registration tokens');
  return (await gateOf(deps, token)) !== undefined;
}

/** What lets somebody register: each suffices; none: nobody may. */
async function stagesOf(deps: AccountsDeps): Promise<readonly string[]> {
  const mode = await deps.registration();
  const takesTokens = mode === 'token' || (await isBootstrapOpen(deps));
  return [...(mode === 'open' ? [DUMMY] : []), ...(takesTokens ? [REGISTRATION_TOKEN] : [])];
}

async function isBootstrapOpen({ bootstrapToken, tokens }: AccountsDeps): Promise<boolean> {
  return bootstrapToken !== undefined && !(await tokens.hasAdministrator());
}

/** @returns what lets the account be made. Throws 401 for a token that is not valid. */
async function passStage(
  deps: AccountsDeps,
  { uia, completed, auth }: { readonly uia: Uia; readonly completed: readonly string[]; readonly auth: JsonObject },
): Promise<RegistrationGate | undefined> {
  if (auth['type'] !== REGISTRATION_TOKEN) return undefined;
  const { token } = auth;
  const gate = typeof token === 'string' ? await gateOf(deps, token) : undefined;
  if (gate === undefined) throw challenge(uia, deps, { auth, completed, failed: invalidToken() });
  return gate;
}

async function gateOf(deps: AccountsDeps, token: string): Promise<RegistrationGate | undefined> {
  if (deps.bootstrapToken !== undefined && isSameText(token, deps.bootstrapToken)) {
    return (await isBootstrapOpen(deps)) ? { kind: 'bootstrap' } : undefined;
  }
  const mode = await deps.registration();
  return mode === 'token' && (await deps.tokens.isValid(token, deps.now())) ? { kind: 'token', token } : undefined;
}

const invalidToken = () => unauthorized('The registration token is not valid');

/** In constant time, whatever the lengths. */
function isSameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function madeUpName(): string {
  return Array.from({ length: MADE_UP_LENGTH }, () => String.fromCodePoint(97 + randomInt(26))).join('');
}
