import { verifyKeyFromBase64, type VerifyKey } from '../matrix/crypto/ed25519.ts';
import type { ServerName } from '../matrix/ids/brands.ts';
import { canonicalJson } from '../matrix/json/canonical-json.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';
import type { FederationResult } from './client.ts';
import type { AskNotaries } from './ask-notaries.ts';
import { isCurrent, MAX_ANSWER_LENGTH, type KeyWish, type PublishedAnswer } from './published-answer.ts';
import { MAX_VALIDITY_MS, readServerKeys, type RemoteKey } from './server-keys.ts';

/** A server that answered is asked again after this: it may just have begun to sign with a new key. */
const ANSWERED_PAUSE_MS = 5_000;
/** One that did not answer, after this; doubling. */
const PAUSE_MS = 30_000;
const MAX_PAUSE_MS = 3_600_000;

/** `unknown`: the server has no such key, or not for that time. `unavailable`: it cannot be asked now. */
export type KeyAnswer = RemoteKey | 'unknown' | 'unavailable';

/** The verify keys of one server, as its owner keeps them. Synchronous. */
export interface RemoteKeyStore {
  get(keyId: string): RemoteKey | undefined;
  put(keys: readonly RemoteKey[]): void;
  /** The newest answer of the server itself, for those who ask us for its keys. */
  answer(): PublishedAnswer | undefined;
  putAnswer(answer: PublishedAnswer): void;
}

export interface ServerKeyRingOptions {
  readonly server: ServerName;
  readonly store: RemoteKeyStore;
  readonly fetchKeys: (server: ServerName) => Promise<FederationResult<JsonObject>>;
  /** Who is asked where the server does not answer. */
  readonly askNotaries: AskNotaries;
  readonly now: () => number;
}

/** The keys of one other server. */
export class ServerKeyRing {
  readonly #options: ServerKeyRingOptions;
  /** Times in a row that the server did not answer. */
  #failures = 0;
  #askAgainAt = 0;
  /** The same for those who want the server's answer: they are strangers, and may come all at once. */
  #askForAnswerAt = 0;
  /** What the last question, if in vain, was for, and its answer. */
  #last: { readonly keyId: string; readonly answer: 'unknown' | 'unavailable' } | undefined;

  constructor(options: ServerKeyRingOptions) {
    this.#options = options;
  }

  /**
   * @param validAt the time (ms) at which the key has to be valid; `undefined` where the room version does not ask.
   * Cannot fail: what cannot be found out now is `unavailable`, which is never a verdict on a signature.
   */
  async keyFor(keyId: string, validAt: number | undefined): Promise<KeyAnswer> {
    const { store, now } = this.#options;
    const held = store.get(keyId);
    if (held !== undefined && isValidAt(held, validAt)) return held;
    // Whoever names made-up keys must not make a real one, not asked for yet, look unknown.
    if (now() < this.#askAgainAt) return keyId === this.#last?.keyId ? this.#last.answer : 'unavailable';
    const answer = await this.#askAndNote(keyId);
    const fresh = store.get(keyId);
    if (fresh !== undefined && isValidAt(fresh, validAt)) return fresh;
    this.#last = { keyId, answer };
    return answer;
  }

  /**
   * The server's own answer about its keys, verified, as it came; an older one where it cannot be asked now.
   * @returns JSON text, or `undefined` where it never answered.
   */
  async publishedAnswer(wish: KeyWish): Promise<string | undefined> {
    const { store, now } = this.#options;
    const held = store.answer();
    if (held !== undefined && isCurrent(held, wish)) return held.json;
    if (now() >= Math.max(this.#askAgainAt, this.#askForAnswerAt)) {
      this.#askForAnswerAt = now() + PAUSE_MS;
      await this.#askAndNote();
    }
    return store.answer()?.json;
  }

  async #askAndNote(keyId?: string): Promise<'unknown' | 'unavailable'> {
    const { now } = this.#options;
    const answer = await this.#ask(keyId);
    this.#failures = answer === 'unavailable' ? this.#failures + 1 : 0;
    const pause = this.#failures === 0 ? ANSWERED_PAUSE_MS : PAUSE_MS * 2 ** (this.#failures - 1);
    this.#askAgainAt = now() + Math.min(pause, MAX_PAUSE_MS);
    return answer;
  }

  async #ask(keyId: string | undefined): Promise<'unknown' | 'unavailable'> {
    const { server, store, fetchKeys, askNotaries, now } = this.#options;
    const answer = await fetchKeys(server);
    const keys = answer.ok ? readServerKeys(answer.value, server, now()) : undefined;
    if (answer.ok && keys?.ok === true) {
      store.put(keys.value);
      this.#keepAnswer(answer.value);
      return 'unknown';
    }
    // Whom we do not talk to, we do not ask others about.
    const isDenied = !answer.ok && answer.reason.kind === 'denied';
    if (!isDenied) store.put((await askNotaries(server, keyId)).filter((key) => this.#isNews(key)));
    return 'unavailable';
  }

  #keepAnswer(answer: JsonObject): void {
    const { store, now } = this.#options;
    const json = canonicalJson(answer);
    if (json.length > MAX_ANSWER_LENGTH) return;
    store.putAnswer({ json, validUntil: Math.min(Number(answer['valid_until_ts']), now() + MAX_VALIDITY_MS) });
  }

  /** A notary may tell of a key, and how long one is valid, but never that it is another than the server said. */
  #isNews({ keyId, publicKey, validUntil }: RemoteKey): boolean {
    const held = this.#options.store.get(keyId);
    return held === undefined || (held.publicKey === publicKey && held.validUntil < validUntil);
  }
}

function isValidAt(key: RemoteKey, validAt: number | undefined): boolean {
  return validAt === undefined || validAt <= key.validUntil;
}

/** Keys in memory: the twin of a `Destination`'s table, and what a server is given that has no object here. */
export function memoryKeyStore(): RemoteKeyStore {
  const keys = new Map<string, RemoteKey>();
  let answer: PublishedAnswer | undefined;
  return {
    answer: () => answer,
    putAnswer: (fresh) => (answer = fresh),
    get: (keyId) => keys.get(keyId),
    put: (fresh) => {
      for (const key of fresh) keys.set(key.keyId, key);
    },
  };
}

/** Whoever checks signatures asks this. */
export interface KeyRing {
  keyFor(
    server: ServerName,
    keyId: string,
    validAt: number | undefined,
  ): Promise<VerifyKey | 'unknown' | 'unavailable'>;
}

export interface KeyRingOptions {
  readonly serverName: ServerName;
  /** Our own key by its ID, published or old: our events come back to us from other servers. */
  readonly ownKey: (keyId: string, validAt: number | undefined) => Promise<VerifyKey | undefined>;
  /** Whether the server has a `Destination` here: it shares a room with us, or we contacted it. */
  readonly isRegistered: (server: ServerName) => Promise<boolean>;
  /** Asks the server's `Destination`, which owns its keys. */
  readonly askOwner: (server: ServerName, keyId: string, validAt: number | undefined) => Promise<KeyAnswer>;
  /** Asks the server itself. */
  readonly fetchKeys: (server: ServerName) => Promise<FederationResult<JsonObject>>;
  readonly askNotaries: AskNotaries;
  readonly now: () => number;
}

interface CachedKey extends RemoteKey {
  readonly key: VerifyKey;
  /** Of a stranger's key, which nobody else keeps: when to look again for an owner that does. */
  readonly handOverAt: number | undefined;
}

/** An owner that does not take a key over is asked no more often: every signature would wait for it. */
const HAND_OVER_AGAIN_MS = 60_000;

const MAX_CACHED_KEYS = 5_000;
const MAX_STRANGERS = 500;
/** How many strangers are asked for the first time a minute: each costs a connection to wherever it likes. */
const STRANGERS_PER_MINUTE = 60;

export interface KeyRings {
  /** For signatures of requests: how many strangers are asked is limited, since anybody may name one. */
  readonly ofRequests: KeyRing;
  /** For signatures of events, which we asked for or which come from servers that we know. */
  readonly ofEvents: KeyRing;
}

/**
 * The key rings of an isolate: a cache in front of the owners. A stranger, who has no object here, is asked directly
 * and kept in memory only, so that made-up names leave nothing behind.
 */
export function createKeyRings(options: KeyRingOptions): KeyRings {
  const { now, serverName, fetchKeys, askNotaries } = options;
  const cache = new Map<string, CachedKey>();
  const strangers = new Map<ServerName, ServerKeyRing>();
  let minute = { start: 0, asked: 0 };

  function mayAskStranger(): boolean {
    if (now() - minute.start >= 60_000) minute = { start: now(), asked: 0 };
    minute.asked += 1;
    return minute.asked <= STRANGERS_PER_MINUTE;
  }

  async function ask(
    server: ServerName,
    keyId: string,
    validAt: number | undefined,
    isLimited: boolean,
  ): Promise<{ readonly key: KeyAnswer; readonly isOfStranger: boolean }> {
    // Where the registry cannot be asked, the server is: no object is addressed for it.
    const isRegistered = await options.isRegistered(server).catch(() => false);
    if (isRegistered) return { key: await options.askOwner(server, keyId, validAt), isOfStranger: false };
    let ring = strangers.get(server);
    if (ring === undefined) {
      if (isLimited && !mayAskStranger()) return { key: 'unavailable', isOfStranger: true };
      ring = new ServerKeyRing({ server, store: memoryKeyStore(), fetchKeys, askNotaries, now });
      remember(strangers, server, ring, MAX_STRANGERS);
    }
    return { key: await ring.keyFor(keyId, validAt), isOfStranger: true };
  }

  const ring = (isLimited: boolean): KeyRing => ({
    async keyFor(server, keyId, validAt) {
      if (server === serverName) return (await options.ownKey(keyId, validAt)) ?? 'unknown';
      const name = `${server} ${keyId}`;
      const cached = cache.get(name);
      if (cached !== undefined && isValidAt(cached, validAt)) {
        const { handOverAt } = cached;
        const mayHandOver = handOverAt !== undefined && now() >= handOverAt;
        if (!mayHandOver || !(await options.isRegistered(server).catch(() => false))) return cached.key;
        // It has an owner now, who is to keep the key: the server may be away when it is needed next.
        remember(cache, name, { ...cached, handOverAt: now() + HAND_OVER_AGAIN_MS }, MAX_CACHED_KEYS);
        const owned = await options.askOwner(server, keyId, validAt).catch(() => 'unavailable' as const);
        if (typeof owned === 'string' || owned.publicKey !== cached.publicKey) return cached.key;
        remember(cache, name, { ...cached, ...owned, handOverAt: undefined }, MAX_CACHED_KEYS);
        return cached.key;
      }
      const answer = await ask(server, keyId, validAt, isLimited);
      if (typeof answer.key === 'string') return answer.key;
      const key = verifyKeyFromBase64(answer.key.publicKey);
      if (key === undefined) return 'unknown';
      const handOverAt = answer.isOfStranger ? now() : undefined;
      remember(cache, name, { ...answer.key, key, handOverAt }, MAX_CACHED_KEYS);
      return key;
    },
  });
  return { ofRequests: ring(true), ofEvents: ring(false) };
}

function remember<K, V>(map: Map<K, V>, key: K, value: V, max: number): void {
  map.delete(key);
  map.set(key, value);
  const oldest = map.keys().next();
  if (map.size > max && oldest.done !== true) map.delete(oldest.value);
}
