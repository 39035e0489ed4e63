import type { Config, Env } from '../../config.ts';
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
    const { destinations } = federationOf(this.#env, this.#config);
    const json = JSON.stringify(edu);
    for (const server of this.#others()) {
      void destinations.offerEdus(server, [{ key, json, expiresAt: now + EDU_LIFE_MS }]).catch(() => {});
    }
  }

  #others(): readonly ServerName[] {
    return this.#store.state
      .serversAt(this.#store.stream.head())
      .filter((server) => server !== this.#config.serverName);
  }
}
