import type { RoomAlias, ServerName, UserId } from '../matrix/ids/brands.ts';
import { encodeBase64Url } from '../matrix/crypto/base64.ts';
import { sha256 } from '../matrix/crypto/sha256.ts';
import { interestsOf, type Interests } from './interests.ts';
import type { Registration, RegistrationStore, SecretWrapper, StoredRegistration } from './ports.ts';

/** A registration that is in force. */
export interface Appservice extends Interests {
  readonly id: string;
  readonly registration: Registration;
  readonly asTokenHash: string;
  readonly wrappedHsToken: string;
}

/** The registrations, at most a few seconds old. */
export interface Appservices {
  all(): Promise<readonly Appservice[]>;
  /** What was read last, however old; `undefined` before the first time. Costs nothing. */
  known(): readonly Appservice[] | undefined;
  byId(id: string): Promise<Appservice | undefined>;
  /** The same, but one that is not known is looked for anew: `undefined` is what the store says now. */
  confirmed(id: string): Promise<Appservice | undefined>;
  byToken(asToken: string): Promise<Appservice | undefined>;
  /** By which the application service knows us. */
  hsToken(appservice: Pick<Appservice, 'wrappedHsToken'>): Promise<string>;
  /** Another one than `except` that nobody else may have such users of. */
  exclusiveOwner(userId: UserId, except?: string): Promise<Appservice | undefined>;
  exclusiveAliasOwner(alias: RoomAlias, except?: string): Promise<Appservice | undefined>;
  /** After a change, in this isolate: the next question reads again. */
  forget(): void;
}

/** A change in another isolate is in force here after this (contracts, section 6). */
const KEPT_MS = 5_000;

export const asTokenHash = (asToken: string): string => encodeBase64Url(sha256(asToken));

export function createAppservices(deps: {
  readonly store: Pick<RegistrationStore, 'all'>;
  readonly secrets: Pick<SecretWrapper, 'unwrap'>;
  readonly serverName: ServerName;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}): Appservices {
  const { store, secrets, serverName, now } = deps;
  let held: Held | undefined;
  let changes = 0;
  const load = async (): Promise<Held> => {
    const before = changes;
    const loaded = heldOf(await store.all(), serverName, now() + KEPT_MS);
    // What was asked for before a change may be from before it.
    if (before === changes) held = loaded;
    return loaded;
  };
  // The value, never the promise: one request may not await the promise of another.
  const read = async (): Promise<Held> => {
    if (held !== undefined && now() < held.until) return held;
    try {
      return await load();
    } catch (error) {
      // With D1 down nobody can have changed anything, and rooms go on.
      if (held === undefined) throw error;
      held = { ...held, until: now() + KEPT_MS };
      return held;
    }
  };
  const all = async () => (await read()).all;
  const byId = async (id: string) => (await all()).find((appservice) => appservice.id === id);
  return {
    all,
    known: () => held?.all,
    byId,
    confirmed: async (id) => (await byId(id)) ?? (await load()).all.find((appservice) => appservice.id === id),
    byToken: async (asToken) => (await read()).byToken.get(asTokenHash(asToken)),
    hsToken: ({ wrappedHsToken }) => secrets.unwrap(wrappedHsToken),
    exclusiveOwner: async (userId, except) =>
      (await all()).find((appservice) => appservice.id !== except && appservice.isExclusiveUser(userId)),
    exclusiveAliasOwner: async (alias, except) =>
      (await all()).find((appservice) => appservice.id !== except && appservice.isExclusiveAlias(alias)),
    forget: () => {
      changes += 1;
      if (held !== undefined) held = { ...held, until: 0 };
    },
  };
}

interface Held {
  readonly all: readonly Appservice[];
  readonly byToken: ReadonlyMap<string, Appservice>;
  readonly until: number;
}

function heldOf(stored: readonly StoredRegistration[], serverName: ServerName, until: number): Held {
  const all = stored.map((one) => ({ ...interestsOf(one.registration, serverName), id: one.registration.id, ...one }));
  return { all, byToken: new Map(all.map((appservice) => [appservice.asTokenHash, appservice])), until };
}
