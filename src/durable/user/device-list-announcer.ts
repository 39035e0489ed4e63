import type { Config, Env } from '../../config.ts';
import type { RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import { LRU } from '../../storage/lru.ts';
import type { DeviceListStore, NewRoom } from '../../user/device-lists/device-list-store.ts';
import type { ProgressStore } from '../../user/progress/store.ts';
import { federationOf } from '../federation.ts';
import { inTurns } from '../in-turns.ts';
import { objectStubs } from '../objects.ts';
import { settingsOf } from '../settings.ts';
import { withinTime } from '../within-time.ts';
import { shardClient } from './client.ts';
import { audienceOf, type Audience } from './device-list-audience.ts';
import { deviceListEdus, type ChangedList } from './device-list-edus.ts';
import { Introductions } from './device-list-introductions.ts';

const AT_ONCE = 32;
/** Rooms that a user joined whose servers are told together. */
const JOINS_AT_ONCE = 20;
const CALL_TIMEOUT_MS = 10_000;
/** So long a server is told of changes that asked and is in no room of the user's. */
export const TRACKED_MS = 86_400_000;
/** Of so many users it is remembered which servers share a room with them. */
const MAX_REMEMBERED = 200;

interface Parts {
  readonly shard: () => string;
  readonly progress: Pick<ProgressStore, 'roomsOf'>;
  readonly deviceLists: Pick<DeviceListStore, 'outgoing' | 'announced' | 'joins' | 'trackers'>;
  /** What the user's devices publish now. */
  readonly published: (userId: UserId) => ChangedList['published'];
  /** Everybody has been told of what changed up to a `seq`; these servers share a room with the user. */
  readonly told: (userId: UserId, through: number, servers: readonly ServerName[]) => void;
  /** The servers of these rooms know the user's devices. */
  readonly introduced: (userId: UserId, joins: readonly NewRoom[]) => void;
}

/**
 * Tells the other shards with members of a user's rooms, and the other servers in these, that the user's device list
 * changed. The rooms are asked anew each time: whoever has seen the user in a room by then is in their answer.
 */
export class DeviceListAnnouncer {
  readonly #env: Env;
  readonly #config: Config;
  readonly #parts: Parts;
  readonly #introductions: Introductions;
  readonly #running = new Map<UserId, Promise<boolean>>();
  /** Servers that shared a room with each user when a change was last told. */
  readonly #sharing = new LRU<UserId, ReadonlySet<ServerName>>(MAX_REMEMBERED);

  constructor(env: Env, config: Config, parts: Parts) {
    this.#env = env;
    this.#config = config;
    this.#parts = parts;
    this.#introductions = new Introductions(env, config, parts.progress);
  }

  /** What changes meanwhile is told too. @returns whether everybody knows. Never rejects. */
  announce(userId: UserId): Promise<boolean> {
    const running = this.#running.get(userId) ?? this.#announceAll(userId);
    this.#running.set(userId, running);
    return running;
  }

  /** Whether the server is told of changes for the rooms that it shares with the user, as far as this instance knows. */
  isTold(userId: UserId, server: ServerName): boolean {
    return this.#sharing.get(userId)?.has(server) === true;
  }

  async #announceAll(userId: UserId): Promise<boolean> {
    // Begins in a turn of its own, so that it is among the running before it can end.
    await Promise.resolve();
    try {
      const isIntroduced = await this.#introduce(userId);
      while (this.#parts.deviceLists.outgoing(userId).length > 0) {
        const list = this.#changed(userId);
        if (!(await this.#tell(userId, list))) return false;
        this.#parts.told(userId, list.outgoing.at(-1)?.seq ?? 0, [...(this.#sharing.get(userId) ?? [])]);
      }
      return isIntroduced;
    } catch {
      return false;
    } finally {
      this.#running.delete(userId);
    }
  }

  /**
   * Before changes that are not told yet, which follow on what is told here. Where that cannot be they are told all the same:
   * who lacks what they follow on asks for the list.
   */
  async #introduce(userId: UserId): Promise<boolean> {
    const { deviceLists, introduced } = this.#parts;
    const waiting = deviceLists.joins(userId);
    const now = Date.now();
    const joins = waiting.filter(({ at }) => at <= now).slice(0, JOINS_AT_ONCE);
    if (joins.length === 0) return true;
    const list = this.#changed(userId);
    if (!(await this.#introductions.introduce(userId, list, joins, waiting).catch(() => false))) return false;
    introduced(userId, joins);
    return true;
  }

  /** Read in one turn: what changes later is told after it. */
  #changed(userId: UserId): Omit<ChangedList, 'sharesNames'> {
    const { deviceLists, published } = this.#parts;
    return {
      outgoing: deviceLists.outgoing(userId),
      announced: deviceLists.announced(userId),
      published: published(userId),
    };
  }

  async #tell(userId: UserId, list: Omit<ChangedList, 'sharesNames'>): Promise<boolean> {
    const rooms = this.#parts.progress
      .roomsOf(userId)
      .filter(({ membership }) => membership === 'join' || membership === 'invite');
    const asked = await inTurns(AT_ONCE, rooms, audienceOf(this.#env, this.#config));
    const told = await Promise.all([this.#tellShards(userId, asked), this.#tellServers(userId, list, asked)]);
    return asked.length === rooms.length && told.every(Boolean);
  }

  async #tellShards(userId: UserId, asked: readonly Audience[]): Promise<boolean> {
    const byShard = new Map<string, RoomId[]>();
    for (const { room, shards } of asked) {
      for (const shard of shards) if (shard !== this.#parts.shard()) addTo(byShard, shard, room.roomId);
    }
    const clients = shardClient(objectStubs(this.#env, this.#config));
    const told = await inTurns(AT_ONCE, [...byShard], ([shard, roomIds]) =>
      withinTime(CALL_TIMEOUT_MS, clients(shard).applyDeviceLists({ changes: [{ userId, roomIds }] })),
    );
    return told.length === byShard.size;
  }

  /** What is given to a server's object is kept there until the server has it. */
  async #tellServers(
    userId: UserId,
    list: Omit<ChangedList, 'sharesNames'>,
    asked: readonly Audience[],
  ): Promise<boolean> {
    const joined = asked.filter(({ room }) => room.membership === 'join');
    const servers = new Set(joined.flatMap((one) => one.servers));
    servers.delete(this.#config.serverName);
    this.#sharing.set(userId, new Set(servers));
    // Who asked may hold what it was told, and be in a room of the user that this server does not know of yet.
    for (const server of this.#parts.deviceLists.trackers(userId, Date.now() - TRACKED_MS)) servers.add(server);
    if (servers.size === 0) return true;
    const { remote } = federationOf(this.#env, this.#config).toDevice;
    const { values } = await settingsOf(this.#env, this.#config).snapshot();
    const edus = deviceListEdus(userId, { ...list, sharesNames: values['devices.share_names'] });
    const told = await inTurns(AT_ONCE, [...servers], (server) =>
      withinTime(CALL_TIMEOUT_MS, remote.keep(server, edus)),
    );
    return told.length === servers.size;
  }
}

function addTo<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const held = map.get(key);
  if (held === undefined) map.set(key, [value]);
  else held.push(value);
}
