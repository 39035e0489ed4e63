import type { Config, Env } from '../../config.ts';
import { wantedEdus } from '../../federation/edu-switches.ts';
import type { LatestEdu } from '../../federation/sending/edu-buffer.ts';
import type { RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { RoomStore } from '../../room/store.ts';
import { federationOf } from '../federation.ts';
import { objectStubs } from '../objects.ts';
import { shardClient } from '../user/client.ts';

/** An EDU is worth sending for this long. */
const EDU_LIFE_MS = 60_000;

/** What is never in the stream: typing, and read receipts on their way to other servers. Lost ones are not repeated. */
export class Ephemeral {
  readonly #env: Env;
  readonly #config: Config;
  readonly #store: RoomStore;

  constructor(env: Env, config: Config, store: RoomStore) {
    this.#env = env;
    this.#config = config;
    this.#store = store;
  }

  /** Tells the shards with a member who types now. */
  tellShards(roomId: RoomId, userIds: readonly UserId[]): void {
    const shards = shardClient(objectStubs(this.#env, this.#config));
    for (const shard of this.#store.state.shardsAt(this.#store.stream.head())) {
      void shards(shard)
        .applyTyping({ roomId, userIds })
        .catch(() => {});
    }
  }

  /** Offers an EDU to every other server in the room. @param key equal keys replace each other. */
  tellServers(key: string, edu: JsonObject, now: number): void {
    const others = this.#others();
    if (others.length > 0) void this.#offer(others, { key, json: JSON.stringify(edu), expiresAt: now + EDU_LIFE_MS });
  }

  async #offer(servers: readonly ServerName[], edu: LatestEdu): Promise<void> {
    const { destinations, eduSwitches } = federationOf(this.#env, this.#config);
    const [wanted] = await eduSwitches().then(
      (switches) => wantedEdus(switches, [edu.json]),
      () => [],
    );
    if (wanted === undefined) return;
    await Promise.allSettled(servers.map((server) => destinations.offerEdus(server, [edu])));
  }

  #others(): readonly ServerName[] {
    return this.#store.state
      .serversAt(this.#store.stream.head())
      .filter((server) => server !== this.#config.serverName);
  }
}
