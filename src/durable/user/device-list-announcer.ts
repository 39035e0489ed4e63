import type { Config, Env } from '../../config.ts';
import { MatrixError } from '../../matrix/error.ts';
import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { DeviceListStore } from '../../user/device-lists/device-list-store.ts';
import type { ProgressStore } from '../../user/progress/store.ts';
import { inTurns } from '../in-turns.ts';
import { objectStubs } from '../objects.ts';
import { roomClient } from '../room/client.ts';
import { settingsOf } from '../settings.ts';
import { withinTime } from '../within-time.ts';
import { shardClient } from './client.ts';

const AT_ONCE = 32;
const CALL_TIMEOUT_MS = 10_000;

interface Parts {
  readonly shard: () => string;
  readonly progress: Pick<ProgressStore, 'roomsOf'>;
  readonly deviceLists: Pick<DeviceListStore, 'outgoing'>;
  /** Everybody has been told of what changed up to a `seq`. */
  readonly told: (userId: UserId, through: number) => void;
}

interface Audience {
  readonly roomId: RoomId;
  readonly shards: readonly string[];
}

/**
 * Tells the other shards with members of a user's rooms that the user's device list changed. The rooms are asked anew
 * each time: whoever has seen the user in a room by then is in their answer.
 */
export class DeviceListAnnouncer {
  readonly #env: Env;
  readonly #config: Config;
  readonly #parts: Parts;
  readonly #running = new Map<UserId, Promise<boolean>>();

  constructor(env: Env, config: Config, parts: Parts) {
    this.#env = env;
    this.#config = config;
    this.#parts = parts;
  }

  /** What changes meanwhile is told too. @returns whether everybody knows. Never rejects. */
  announce(userId: UserId): Promise<boolean> {
    const running = this.#running.get(userId) ?? this.#announceAll(userId);
    this.#running.set(userId, running);
    return running;
  }

  async #announceAll(userId: UserId): Promise<boolean> {
    // Begins in a turn of its own, so that it is among the running before it can end.
    await Promise.resolve();
    try {
      while (this.#parts.deviceLists.outgoing(userId).length > 0) {
        const through = this.#parts.deviceLists.outgoing(userId).at(-1)?.seq ?? 0;
        if (!(await this.#tell(userId))) return false;
        this.#parts.told(userId, through);
      }
      return true;
    } catch {
      return false;
    } finally {
      this.#running.delete(userId);
    }
  }

  async #tell(userId: UserId): Promise<boolean> {
    const rooms = this.#parts.progress
      .roomsOf(userId)
      .filter(({ membership }) => membership === 'join' || membership === 'invite');
    const asked = await inTurns(AT_ONCE, rooms, ({ roomId }) => this.#audienceOf(roomId));
    const byShard = new Map<string, RoomId[]>();
    for (const { roomId, shards } of asked) {
      for (const shard of shards) if (shard !== this.#parts.shard()) addTo(byShard, shard, roomId);
    }
    const clients = shardClient(objectStubs(this.#env, this.#config));
    const told = await inTurns(AT_ONCE, [...byShard], ([shard, roomIds]) =>
      withinTime(CALL_TIMEOUT_MS, clients(shard).applyDeviceLists({ changes: [{ userId, roomIds }] })),
    );
    return asked.length === rooms.length && told.length === byShard.size;
  }

  /** A room that refuses is none of ours: nobody in it is to be told. */
  async #audienceOf(roomId: RoomId): Promise<Audience> {
    const rooms = roomClient(objectStubs(this.#env, this.#config), settingsOf(this.#env, this.#config));
    try {
      return { roomId, ...(await withinTime(CALL_TIMEOUT_MS, rooms.audience({ roomId }))) };
    } catch (error) {
      if (error instanceof MatrixError && error.status < 500) return { roomId, shards: [] };
      throw error;
    }
  }
}

function addTo<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const held = map.get(key);
  if (held === undefined) map.set(key, [value]);
  else held.push(value);
}
