import type { ServerName, UserId } from '../matrix/ids/brands.ts';
import type { Policies } from '../matrix/policies.ts';
import type { OpenIdTokens } from './openid-tokens.ts';
import type { SessionTokens } from './session-tokens.ts';

export interface Account {
  readonly userId: UserId;
  readonly shard: string;
  readonly passwordHash: string | undefined;
  readonly isAdmin: boolean;
  readonly isDeactivated: boolean;
  /** May do nothing but log out, until an administrator lifts it. */
  readonly isLocked: boolean;
  /** May read and leave, until an administrator lifts it. */
  readonly isSuspended: boolean;
  readonly isGuest: boolean;
}

/** What lets an account be made; used up by the transaction that makes the account, or not at all. */
export type RegistrationGate =
  | { readonly kind: 'token'; readonly token: string }
  /** The first administrator's token: it makes an administrator, while there was never one. */
  | { readonly kind: 'bootstrap' };

export interface NewAccount {
  readonly userId: UserId;
  readonly passwordHash: string | undefined;
  readonly isAdmin: boolean;
  readonly isGuest?: boolean;
  /** `undefined`: whoever asks may make accounts. */
  readonly gate: RegistrationGate | undefined;
  /** The versions of the documents that were accepted, by their IDs. */
  readonly policies?: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

type Creation =
  | { readonly kind: 'created'; readonly account: Account }
  | { readonly kind: 'in-use' }
  /** The token was used up or ran out. Nothing was made. */
  | { readonly kind: 'gate-shut' };

/** Accounts' existence, in D1. */
export interface AccountStore {
  find(userId: UserId): Promise<Account | undefined>;
  /** The shard of an account that is not deactivated. What was found is believed for a minute: a shard never changes. */
  shardOf(userId: UserId): Promise<string | undefined>;
  /** The same of several: who has none is left out. */
  shardsOf(userIds: readonly UserId[]): Promise<ReadonlyMap<UserId, string>>;
  deactivatedAmong(userIds: readonly UserId[]): Promise<readonly UserId[]>;
  /** Creates the account in a shard with room for it. */
  create(account: NewAccount): Promise<Creation>;
  /** Makes a guest's account an ordinary one. @returns false if it is none, or the token is used up: nothing is done. */
  upgradeGuest(guest: Omit<NewAccount, 'isAdmin' | 'isGuest'>): Promise<boolean>;
  /** Ends the user's grants too: who knew the old password opens no session with them. */
  setPassword(userId: UserId, passwordHash: string): Promise<void>;
  /** For ever: the user ID is not given out again. The password stays until {@link removePassword}. */
  deactivate(userId: UserId): Promise<void>;
  removePassword(userId: UserId): Promise<void>;
}

/** Registration tokens, in D1. Source: Client-Server API, "Token-authenticated registration". */
export interface RegistrationTokens {
  isValid(token: string, now: number): Promise<boolean>;
  /** Whether there is, or ever was, an administrator. */
  hasAdministrator(): Promise<boolean>;
}

/** Stages that were passed in sessions of user-interactive authentication with flows of several, in D1. */
export interface PassedStages {
  of(session: string): Promise<readonly string[]>;
  /** Drops those that ran out, too. */
  put(
    session: string,
    stages: readonly string[],
    times: { readonly now: number; readonly expiresTs: number },
  ): Promise<void>;
}

export interface NewSession {
  readonly userId: UserId;
  readonly deviceId: string;
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  readonly expiresInMs: number | undefined;
}

export interface EndedSession {
  readonly userId: UserId;
  readonly deviceId: string;
}

/** Sessions, in the shard of the user. */
interface Sessions {
  open(
    shard: string,
    login: {
      userId: UserId;
      isAdmin: boolean;
      isGuest: boolean;
      byAppservice?: boolean;
      deviceId: string;
      clientId?: string;
      initialDisplayName?: string;
      accessToken: string;
      refreshToken?: string;
      expiresTs?: number;
    },
  ): Promise<void>;
  /** Whose access token it is. Throws `M_UNKNOWN_TOKEN`. */
  of(shard: string, token: string): Promise<{ readonly userId: UserId; readonly isGuest?: boolean }>;
  close(user: { readonly userId: UserId; readonly shard: string }, deviceId: string): Promise<void>;
  /** Ends all sessions of the user but one. */
  closeAllBut(user: { readonly userId: UserId; readonly shard: string }, deviceId: string | undefined): Promise<void>;
  /**
   * Throws `M_UNKNOWN_TOKEN`, also for a token of another client; `M_LIMIT_EXCEEDED`, `M_USER_LOCKED`.
   * @returns the session that ended instead, for somebody came with a token of it that was replaced.
   */
  refresh(
    shard: string,
    call: { token: string; accessToken: string; refreshToken: string; expiresTs: number; clientId: string },
  ): Promise<EndedSession | undefined>;
  /** Ends the session of an access or a refresh token. @returns whose it was. */
  end(shard: string, token: string): Promise<EndedSession | undefined>;
  /** An administrator's word on the user, for all sessions; or these end before it holds. What is left out stays. */
  setStanding(
    user: { readonly userId: UserId; readonly shard: string },
    standing: {
      readonly isAdmin?: boolean;
      readonly isLocked?: boolean;
      readonly isSuspended?: boolean;
      readonly endsSessions?: 'of-appservices' | 'or-unknown';
    },
  ): Promise<void>;
  /** Ends all sessions for ever, drops what the user kept (profile, account data, filters), and leaves their rooms. */
  deactivate(user: { readonly userId: UserId; readonly shard: string }, erase: boolean): Promise<void>;
}

/** How often somebody may try to guess a user's password. */
export interface PasswordTries {
  /** Counts a try, before the password is looked at. @returns 0, or after how many milliseconds to try again. */
  take(userId: UserId, shard: string | undefined): Promise<number>;
  /** The password was right: the tries before it count no more. */
  clear(userId: UserId, shard: string): Promise<void>;
}

export interface AccountsDeps {
  readonly serverName: ServerName;
  readonly accounts: AccountStore;
  readonly tokens: RegistrationTokens;
  readonly passedStages: PassedStages;
  readonly sessions: Sessions;
  readonly sessionTokens: SessionTokens;
  readonly openIdTokens: OpenIdTokens;
  readonly tries: PasswordTries;
  readonly grants: GrantStore;
  /** log2 of scrypt's N. */
  readonly passwordCost: number;
  readonly registration: () => Promise<'closed' | 'open' | 'token'>;
  /** What whoever registers has to accept. */
  readonly policies: () => Promise<Policies>;
  /** Whether guests get accounts. */
  readonly admitsGuests: () => Promise<boolean>;
  /** Whether only an application service may make such a user. */
  readonly isReserved: (userId: UserId) => Promise<boolean>;
  /** Whether an application service may log in as such a user. */
  readonly isOwned: (userId: UserId) => Promise<boolean>;
  readonly bootstrapToken: string | undefined;
  /** The deployment's secret: signs the sessions of user-interactive authentication. */
  readonly secret: string;
  readonly now: () => number;
}

/** What is exchanged once for a session, a login token, an authorization code, a device code; or lets something be done once. */
export interface Grant {
  /** `redeemed`: a code that led to a session; `reset`: cross-signing keys may be replaced. */
  readonly kind: 'login' | 'code' | 'device' | 'redeemed' | 'reset';
  readonly userId: UserId;
  /** Of an OAuth 2.0 client. */
  readonly client?: {
    readonly clientId: string;
    /** The Matrix device of the session. */
    readonly deviceId: string;
    readonly redirectUri: string | undefined;
    /** Of PKCE, S256. */
    readonly codeChallenge: string | undefined;
  };
}

/** Grants by the hash of their code, in D1. */
export interface GrantStore {
  /** Where it is there already, it stays. */
  put(hash: string, grant: Grant, expiresTs: number, now: number): Promise<void>;
  /** Of any number of calls at once one gets the grant, which is then gone; what has run out is none. */
  take(kind: Grant['kind'], hash: string, now: number): Promise<Grant | undefined>;
  /** A device code that waits for somebody. */
  putPending(
    hash: string,
    pending: { readonly userCodeHash: string; readonly clientId: string; readonly deviceId: string },
    expiresTs: number,
    now: number,
  ): Promise<void>;
  findPending(
    userCodeHash: string,
    now: number,
  ): Promise<{ readonly clientId: string; readonly deviceId: string } | undefined>;
  /** @returns false if it does not wait any more. */
  decide(userCodeHash: string, userId: UserId, isAllowed: boolean, now: number): Promise<boolean>;
  /** Where a device code stands, and when it was asked about before; notes that it is asked about now. */
  poll(
    hash: string,
    now: number,
  ): Promise<{ readonly status: 'pending' | 'allowed' | 'denied'; readonly polledTs: number | undefined } | undefined>;
}

/** Nonces that act once, in D1. */
export interface Nonces {
  /** @returns false if it was used before. It may be forgotten after `expiresTs`. */
  use(nonce: string, expiresTs: number, now: number): Promise<boolean>;
}
