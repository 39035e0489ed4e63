import type { Config, Env } from '../../config.ts';
import { wantedEdus } from '../../federation/edu-switches.ts';
import type { LatestEdu } from '../../federation/sending/edu-buffer.ts';
import type { RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { RoomStore } from '../../room/store.ts';
import { federationOf } from '../federation.ts';
import { inTurns } from '../in-turns.ts';
import { objectStubs } from '../objects.ts';
import { shardClient } from '../user/client.ts';

/** An EDU is worth sending for this long. */
const EDU_LIFE_MS = 60_000;
/** At once. */
const MAX_CALLS = 64;

/** What is never in the stream: typing, and read receipts on their way to other servers. Lost ones are not repeated. */
export class Ephemeral {
  readonly #env: Env;
  readonly #config: Config;
  readonly #store: RoomStore;
  readonly #isDetached: (receiver: string) => boolean;
  /** EDUs that go together, the latest of each key. */
  readonly #gathered = new Map<string, LatestEdu>();

  constructor(env: Env, config: Config, store: RoomStore, isDetached: (receiver: string) => boolean) {
    this.#env = env;
    this.#config = config;
    this.#store = store;
    this.#isDetached = isDetached;
  }

  /** Tells the shards with a member who types now. @param appservice that has made it so. */
  tellShards(roomId: RoomId, userIds: readonly UserId[], appservice?: string): void {
    const shards = shardClient(objectStubs(this.#env, this.#config));
    for (const shard of this.#store.state.shardsAt(this.#store.stream.head())) {
      void shards(shard)
        .applyTyping({ roomId, userIds, appservice })
        .catch(() => {});
    }
  }

  /** Offers an EDU to every other server in the room. @param key equal keys replace each other. */
  tellServers(key: string, edu: JsonObject, now: number): void {
    void this.#offer([{ key, json: JSON.stringify(edu), expiresAt: now + EDU_LIFE_MS }]);
  }

  /** The same, with what else comes before {@link sendGathered}. */
  gather(key: string, edu: JsonObject, now: number): void {
    this.#gathered.set(key, { key, json: JSON.stringify(edu), expiresAt: now + EDU_LIFE_MS });
  }

  sendGathered(): void {
    const edus = [...this.#gathered.values()];
    this.#gathered.clear();
    void this.#offer(edus);
  }

  async #offer(edus: readonly LatestEdu[]): Promise<void> {
    const servers = this.#others();
    if (servers.length === 0 || edus.length === 0) return;
    const { destinations, eduSwitches } = federationOf(this.#env, this.#config);
    const json = await eduSwitches().then(
      (switches) =>
        wantedEdus(
          switches,
          edus.map((edu) => edu.json),
        ),
      (): readonly string[] => [],
    );
    const wanted = edus.filter((edu) => json.includes(edu.json));
    if (wanted.length === 0) return;
    await inTurns(MAX_CALLS, servers, (server) => destinations.offerEdus(server, wanted));
  }

  /** Those that are in back-off would drop it: they are not called. */
  #others(): readonly ServerName[] {
    const { state, stream } = this.#store;
    return state
      .serversAt(stream.head())
      .filter((server) => server !== this.#config.serverName && !this.#isDetached(`d:${server}`));
  }
}
