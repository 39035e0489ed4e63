import type { SigningKey } from '../matrix/crypto/ed25519.ts';
import { signJson } from '../matrix/crypto/signed-json.ts';
import type { ServerName } from '../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject } from '../matrix/json/json-value.ts';
import { parseJson } from '../matrix/json/strict-json.ts';
import type { FederationResult } from './client.ts';
import { memoryKeyStore, ServerKeyRing } from './key-ring.ts';
import { publishServerKeys, type OwnKeys } from './own-keys.ts';
import type { KeyWish } from './published-answer.ts';

/** Servers of one question that are answered for; those beyond are as if they could not be reached. */
const MAX_SERVERS = 100;
const SERVERS_AT_ONCE = 10;
/** An answer is given after this, without the servers that have not answered by then. */
const PATIENCE_MS = 8_000;

/** Of servers that have no object here, so many are kept, in memory, and so many asked a minute. */
const MAX_STRANGERS = 100;
const STRANGERS_PER_MINUTE = 30;

export interface NotaryQuery extends KeyWish {
  readonly server: ServerName;
}

export interface Notary {
  /** The keys of other servers, signed by them and by us. Whom nobody could reach is left out. */
  answer(queries: readonly NotaryQuery[]): Promise<readonly JsonObject[]>;
}

export interface NotaryDeps {
  readonly serverName: ServerName;
  readonly ownKeys: OwnKeys;
  readonly signingKey: () => Promise<SigningKey>;
  readonly isRegistered: (server: ServerName) => Promise<boolean>;
  /** Asks the server's `Destination`. See {@link ServerKeyRing.publishedAnswer}. */
  readonly askOwner: (server: ServerName, wish: KeyWish) => Promise<string | undefined>;
  readonly fetchKeys: (server: ServerName) => Promise<FederationResult<JsonObject>>;
  readonly now: () => number;
  readonly after: (delayMs: number) => Promise<void>;
}

/**
 * Answers for other servers about their keys. Anybody may ask, and about anybody: what is signed was verified here, and
 * strangers leave nothing behind but a bounded memory. Source: Server-Server API, "Querying Keys Through Another Server".
 */
export function createNotary(deps: NotaryDeps): Notary {
  const publishedAnswer = answersOf(deps);

  async function answerFor({ server, ...wish }: NotaryQuery): Promise<JsonObject | undefined> {
    const { serverName } = deps;
    if (server === serverName) return publishServerKeys(serverName, await deps.ownKeys.published(), deps.now());
    const json = await publishedAnswer(server, wish);
    const parsed = json === undefined ? undefined : parseJson(json);
    if (parsed?.ok !== true || !isJsonObject(parsed.value)) return undefined;
    return signJson(parsed.value, serverName, await deps.signingKey());
  }

  return {
    async answer(queries) {
      const waiting = queries.slice(0, MAX_SERVERS);
      const found: JsonObject[] = [];
      const work = async () => {
        for (let query = waiting.shift(); query !== undefined; query = waiting.shift()) {
          const answer = await answerFor(query).catch(() => undefined);
          if (answer !== undefined) found.push(answer);
        }
      };
      await Promise.race([
        Promise.all(Array.from({ length: Math.min(SERVERS_AT_ONCE, waiting.length) }, work)),
        deps.after(PATIENCE_MS),
      ]);
      return [...found];
    },
  };
}

/** Asks the owner of a server's keys, or of a stranger a ring in memory. */
function answersOf(deps: NotaryDeps): (server: ServerName, wish: KeyWish) => Promise<string | undefined> {
  const { fetchKeys, now } = deps;
  const strangers = new Map<ServerName, ServerKeyRing>();
  let minute = { start: 0, asked: 0 };

  function strangerOf(server: ServerName): ServerKeyRing | undefined {
    const held = strangers.get(server);
    if (held !== undefined) return held;
    if (now() - minute.start >= 60_000) minute = { start: now(), asked: 0 };
    if (minute.asked >= STRANGERS_PER_MINUTE) return undefined;
    minute.asked += 1;
    // What is signed here was said by the server itself: no other notary is asked.
    const ring = new ServerKeyRing({ server, store: memoryKeyStore(), fetchKeys, askNotaries: async () => [], now });
    strangers.set(server, ring);
    const [oldest] = strangers.keys();
    if (strangers.size > MAX_STRANGERS && oldest !== undefined) strangers.delete(oldest);
    return ring;
  }

  return async (server, wish) =>
    (await deps.isRegistered(server)) ? deps.askOwner(server, wish) : strangerOf(server)?.publishedAnswer(wish);
}
