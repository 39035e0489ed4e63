import type { UserId } from '../matrix/ids/brands.ts';

export interface Namespace {
  readonly exclusive: boolean;
  readonly regex: string;
}

/** What an application service is allowed and sent. Source: Application Service API, "Registration". */
export interface Registration {
  readonly id: string;
  /** Without a slash at its end; `undefined`: nothing is pushed by HTTP. */
  readonly url: string | undefined;
  readonly senderLocalpart: string;
  readonly namespaces: {
    readonly users: readonly Namespace[];
    readonly aliases: readonly Namespace[];
    readonly rooms: readonly Namespace[];
  };
  readonly rateLimited: boolean;
  readonly protocols: readonly string[];
  readonly receivesEphemeral: boolean;
  /** Whether it asked for that by the older name, and may know what it is sent by the older name only. */
  readonly knowsOlderEphemeral?: boolean;
  readonly receivesDeviceChanges: boolean;
  /** Whether it may call what the admin API opens to application services. */
  readonly isAdmin: boolean;
  /** What becomes of events that it made itself. */
  readonly echo: 'mark' | 'drop';
}

/** A registration as it is kept. */
export interface StoredRegistration {
  readonly registration: Registration;
  readonly asTokenHash: string;
  readonly wrappedHsToken: string;
}

/** Where registrations are, in D1. Each change is in the audit log, in the same transaction. */
export interface RegistrationStore {
  all(): Promise<readonly StoredRegistration[]>;
  find(id: string): Promise<StoredRegistration | undefined>;
  /** @returns false where another registration has that `as_token`; nothing was written then. */
  put(stored: StoredRegistration, by: string, now: number): Promise<boolean>;
  /** @returns false if there was none. */
  remove(id: string, by: string, now: number): Promise<boolean>;
}

/** A registration file that was not taken, by its name, and why. */
export interface RefusedRegistration {
  readonly file: string;
  readonly reason: string;
}

/** The files that were refused at the last start of the embedded server, in D1. */
export interface RefusedRegistrations {
  all(): Promise<readonly RefusedRegistration[]>;
  replace(refused: readonly RefusedRegistration[]): Promise<void>;
}

/** What waits for an application service, which begins and ends with its registration. */
export interface RegisteredQueue {
  registered(id: string): Promise<void>;
  removed(id: string): Promise<void>;
}

/** Keeps secrets at rest. */
export interface SecretWrapper {
  wrap(text: string): Promise<string>;
  unwrap(wrapped: string): Promise<string>;
}

/** The accounts of senders. */
export interface SenderAccounts {
  /** Makes the account, unless there is one. */
  ensure(userId: UserId): Promise<void>;
}
