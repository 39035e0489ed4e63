import type { ServerName, UserId } from '../matrix/ids/brands.ts';

export interface Account {
  readonly userId: UserId;
  readonly shard: string;
  readonly passwordHash: string | undefined;
  readonly isAdmin: boolean;
  readonly isDeactivated: boolean;
}

/** Accounts' existence, in D1. */
export interface AccountStore {
  find(userId: UserId): Promise<Account | undefined>;
  /** Creates the account in a shard with room for it. `undefined`: the name is taken. */
  create(account: {
    userId: UserId;
    passwordHash: string | undefined;
    isAdmin: boolean;
    now: number;
  }): Promise<Account | undefined>;
  setPassword(userId: UserId, passwordHash: string): Promise<void>;
  deactivate(userId: UserId): Promise<void>;
}

/** Registration tokens, in D1. */
export interface RegistrationTokens {
  isValid(token: string, now: number): Promise<boolean>;
  /** Uses a token once. `undefined`: it is not valid (any more). */
  use(token: string, now: number): Promise<{ readonly isAdmin: boolean } | undefined>;
}

export interface NewSession {
  readonly userId: UserId;
  readonly deviceId: string;
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  readonly expiresInMs: number | undefined;
}

/** Sessions, in the shard of the user. */
export interface Sessions {
  open(
    shard: string,
    login: {
      userId: UserId;
      isAdmin: boolean;
      deviceId: string;
      initialDisplayName?: string;
      accessToken: string;
      refreshToken?: string;
      expiresTs?: number;
    },
  ): Promise<void>;
}

export interface AccountsDeps {
  readonly serverName: ServerName;
  readonly accounts: AccountStore;
  readonly tokens: RegistrationTokens;
  readonly sessions: Sessions;
  /** log2 of scrypt's N. */
  readonly passwordCost: number;
  readonly registration: () => Promise<'closed' | 'open' | 'token'>;
  readonly now: () => number;
}

/** Nonces that act once, in D1. */
export interface Nonces {
  /** @returns false if it was used before. It may be forgotten after `expiresTs`. */
  use(nonce: string, expiresTs: number, now: number): Promise<boolean>;
}
