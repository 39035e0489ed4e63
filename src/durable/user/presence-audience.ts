import type { Config, Env } from '../../config.ts';
import { presenceEdu } from '../../federation/sending/presence-edu.ts';
import type { RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { PostedPresence } from '../../user/presence/presence-board.ts';
import { LRU } from '../../storage/lru.ts';
import { federationOf } from '../federation.ts';
import { inTurns } from '../in-turns.ts';
import { objectStubs } from '../objects.ts';
import { roomClient, type RoomClient } from '../room/client.ts';
import { settingsOf } from '../settings.ts';
import { shardClient } from './client.ts';

interface Audience {
  readonly servers: readonly ServerName[];
  readonly shards: readonly string[];
  readonly until: number;
}

/** Whom a room tells, and which remote users are in it, is asked again after this, or when a membership changed. */
const BELIEVED_MS = 300_000;
const MAX_ROOMS = 1_000;
/** Of remote users in rooms. */
const MAX_STANDINGS = 10_000;
const AT_ONCE = 32;

/** Who is interested in the presence of a user: whoever shares a room. Asked of the rooms and remembered for a while. */
export class PresenceAudience {
  readonly #env: Env;
  readonly #config: Config;
  readonly #rooms: RoomClient;
  readonly #audiences = new LRU<RoomId, Audience>(MAX_ROOMS);
  /** Whether a remote user is in a room, by both; it counts as long as the audience that it was asked with. */
  readonly #standings = new LRU<string, { readonly with: Audience; readonly isJoined: boolean }>(MAX_STANDINGS);
  #changes = 0;

  constructor(env: Env, config: Config) {
    this.#env = env;
    this.#config = config;
    this.#rooms = roomClient(objectStubs(env, config), settingsOf(env, config));
  }

  /** Tells other shards and other servers, each once. What fails is passed over: the next change is told anew. */
  async tell(posted: readonly PostedPresence[], own: string | undefined, now: number): Promise<void> {
    const byShard = new Map<string, Set<PostedPresence>>();
    const byServer = new Map<ServerName, Set<PostedPresence>>();
    for (const update of posted) {
      for (const { servers, shards } of await inTurns(AT_ONCE, update.roomIds, (roomId) =>
        this.#audienceOf(roomId, now),
      )) {
        for (const shard of shards) if (shard !== own) addTo(byShard, shard, update);
        for (const server of servers) if (server !== this.#config.serverName) addTo(byServer, server, update);
      }
    }
    const shards = shardClient(objectStubs(this.#env, this.#config));
    await inTurns(AT_ONCE, [...byShard], ([shard, updates]) => shards(shard).applyPresence({ posted: [...updates] }));
    const { destinations, eduSwitches } = federationOf(this.#env, this.#config);
    const isOn = byServer.size > 0 && (await eduSwitches()).presence;
    if (!isOn) return;
    await inTurns(AT_ONCE, [...byServer], ([server, updates]) =>
      destinations.offerEdus(
        server,
        [...updates].map(({ presence }) => presenceEdu(presence, now)),
      ),
    );
  }

  /** Memberships of the room changed. */
  forget(roomId: RoomId): void {
    this.#changes += 1;
    this.#audiences.delete(roomId);
  }

  /** In which of these rooms users of another server are. */
  async roomsOf(
    origin: ServerName,
    userIds: readonly UserId[],
    candidates: readonly RoomId[],
    now: number,
  ): Promise<ReadonlyMap<UserId, readonly RoomId[]>> {
    const found = new Map<UserId, RoomId[]>(userIds.map((userId) => [userId, []]));
    await inTurns(AT_ONCE, candidates, async (roomId) => {
      const audience = await this.#audienceOf(roomId, now);
      if (!audience.servers.includes(origin)) return;
      await this.#askForUnknown(audience, roomId, userIds);
      for (const userId of userIds) {
        if (this.#standings.get(standingOf(roomId, userId))?.isJoined === true) found.get(userId)?.push(roomId);
      }
    });
    return found;
  }

  async #askForUnknown(audience: Audience, roomId: RoomId, userIds: readonly UserId[]): Promise<void> {
    const unknown = userIds.filter((userId) => this.#standings.get(standingOf(roomId, userId))?.with !== audience);
    if (unknown.length === 0) return;
    const memberships = await this.#rooms.membershipsOf({ roomId, userIds: unknown });
    for (const userId of unknown) {
      this.#standings.set(standingOf(roomId, userId), { with: audience, isJoined: memberships[userId] === 'join' });
    }
  }

  async #audienceOf(roomId: RoomId, now: number): Promise<Audience> {
    const held = this.#audiences.get(roomId);
    if (held !== undefined && now < held.until) return held;
    const changes = this.#changes;
    const audience = { ...(await this.#rooms.audience({ roomId })), until: now + BELIEVED_MS };
    // What was asked for before a change may be what was before it.
    if (changes === this.#changes) this.#audiences.set(roomId, audience);
    return audience;
  }
}

const standingOf = (roomId: RoomId, userId: UserId): string => `${roomId} ${userId}`;

function addTo<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  const held = map.get(key);
  if (held === undefined) map.set(key, new Set([value]));
  else held.add(value);
}
