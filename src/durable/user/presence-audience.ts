import type { Config, Env } from '../../config.ts';
import type { LatestEdu } from '../../federation/sending/edu-buffer.ts';
import type { RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { Presence } from '../../user/presence/presence.ts';
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
}

/** Whom a room tells, and which remote users are in it, is asked again after this. */
const BELIEVED_MS = 300_000;
const MAX_ROOMS = 1_000;
const MAX_USERS = 2_000;
const AT_ONCE = 32;
/** An update is worth sending for this long. */
const EDU_LIFE_MS = 60_000;

/** Who is interested in the presence of a user: whoever shares a room. Asked of the rooms and remembered for a while. */
export class PresenceAudience {
  readonly #env: Env;
  readonly #config: Config;
  readonly #rooms: RoomClient;
  readonly #audiences = new LRU<RoomId, Audience & { readonly until: number }>(MAX_ROOMS);
  readonly #roomsOfUsers = new LRU<UserId, { readonly roomIds: readonly RoomId[]; readonly until: number }>(MAX_USERS);

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
        [...updates].map(({ presence }) => eduOf(presence, now)),
      ),
    );
  }

  /** In which of these rooms, which are asked for only if they have to be, users of another server are. */
  async roomsOf(
    origin: ServerName,
    userIds: readonly UserId[],
    candidates: () => readonly RoomId[],
    now: number,
  ): Promise<ReadonlyMap<UserId, readonly RoomId[]>> {
    const known = (userId: UserId) => {
      const held = this.#roomsOfUsers.get(userId);
      return held !== undefined && now < held.until ? held.roomIds : undefined;
    };
    const unknown = userIds.filter((userId) => known(userId) === undefined);
    if (unknown.length > 0) {
      const found = new Map<UserId, RoomId[]>(unknown.map((userId) => [userId, []]));
      await inTurns(AT_ONCE, candidates(), async (roomId) => {
        if (!(await this.#audienceOf(roomId, now)).servers.includes(origin)) return;
        const memberships = await this.#rooms.membershipsOf({ roomId, userIds: unknown });
        for (const userId of unknown) if (memberships[userId] === 'join') found.get(userId)?.push(roomId);
      });
      for (const [userId, roomIds] of found) {
        this.#roomsOfUsers.set(userId, { roomIds, until: now + BELIEVED_MS });
      }
    }
    return new Map(userIds.map((userId) => [userId, known(userId) ?? []]));
  }

  async #audienceOf(roomId: RoomId, now: number): Promise<Audience> {
    const held = this.#audiences.get(roomId);
    if (held !== undefined && now < held.until) return held;
    const audience = await this.#rooms.audience({ roomId });
    this.#audiences.set(roomId, { ...audience, until: now + BELIEVED_MS });
    return audience;
  }
}

/** Source: Server-Server API, `m.presence`. Always with `push`: there are servers that look for nothing else. */
function eduOf({ userId, presence, statusMsg, activeTs, currentlyActive }: Presence, now: number): LatestEdu {
  const update = {
    user_id: userId,
    presence,
    last_active_ago: Math.max(0, now - (activeTs ?? now)),
    currently_active: currentlyActive,
    ...(statusMsg === undefined ? {} : { status_msg: statusMsg }),
  };
  const edu = { edu_type: 'm.presence', content: { push: [update] } };
  return { key: `m.presence ${userId}`, json: JSON.stringify(edu), expiresAt: now + EDU_LIFE_MS };
}

function addTo<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  const held = map.get(key);
  if (held === undefined) map.set(key, new Set([value]));
  else held.add(value);
}
