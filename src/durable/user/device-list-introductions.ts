import type { Config, Env } from '../../config.ts';
import type { RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import { roomsWithServers } from '../../storage/d1/rooms-with-servers.ts';
import type { NewRoom } from '../../user/device-lists/device-list-store.ts';
import type { ProgressStore } from '../../user/progress/store.ts';
import { federationOf } from '../federation.ts';
import { inTurns } from '../in-turns.ts';
import { settingsOf } from '../settings.ts';
import { withinTime } from '../within-time.ts';
import { audienceOf } from './device-list-audience.ts';
import { introductionEdus, type ChangedList } from './device-list-edus.ts';

const AT_ONCE = 32;
const CALL_TIMEOUT_MS = 10_000;
/** Of one room that a user joins. */
const MAX_SERVERS = 1_000;
/** Other rooms of the user that are asked whether the servers are in them. */
const MAX_ROOMS = 50;

/**
 * Tells the servers of rooms that a user has joined of the user's devices, where no other room was shared with them: from
 * then on they are told of changes. Source: Server-Server API, "Device Management".
 */
export class Introductions {
  readonly #env: Env;
  readonly #config: Config;
  readonly #progress: Pick<ProgressStore, 'roomsOf'>;

  constructor(env: Env, config: Config, progress: Pick<ProgressStore, 'roomsOf'>) {
    this.#env = env;
    this.#config = config;
    this.#progress = progress;
  }

  /**
   * @param waiting all rooms whose servers may not know the user yet, these among them.
   * @returns whether all of them are told.
   */
  async introduce(
    userId: UserId,
    list: Omit<ChangedList, 'sharesNames'>,
    joins: readonly NewRoom[],
    waiting: readonly NewRoom[],
  ): Promise<boolean> {
    const rooms = this.#progress.roomsOf(userId).filter(({ membership }) => membership === 'join');
    const among = (some: readonly NewRoom[]) => {
      const ids = new Set<RoomId>(some.map(({ roomId }) => roomId));
      return ({ roomId }: { readonly roomId: RoomId }) => ids.has(roomId);
    };
    const entered = rooms.filter(among(joins));
    const asked = await inTurns(AT_ONCE, entered, audienceOf(this.#env, this.#config));
    const servers = new Set(asked.flatMap((one) => one.servers));
    servers.delete(this.#config.serverName);
    if (servers.size === 0) return asked.length === entered.length;
    const isWaiting = among(waiting);
    const others = rooms.filter((room) => !isWaiting(room));
    const known = await this.#serversOf(others, [...servers]);
    const told = await this.#tell(
      userId,
      list,
      [...servers].filter((server) => !known.has(server)),
    );
    return told && asked.length === entered.length;
  }

  /** Servers of other rooms, which are told of changes already. Where that cannot be seen, they are told once more. */
  async #serversOf(
    rooms: readonly ReturnType<ProgressStore['roomsOf']>[number][],
    servers: readonly ServerName[],
  ): Promise<ReadonlySet<ServerName>> {
    if (rooms.length === 0) return new Set();
    const ids = rooms.map(({ roomId }) => roomId);
    const found = await withinTime(CALL_TIMEOUT_MS, roomsWithServers(this.#env.DB)(servers, ids)).catch(() => []);
    const candidates = new Set(found.slice(0, MAX_ROOMS));
    const asked = await inTurns(
      AT_ONCE,
      rooms.filter(({ roomId }) => candidates.has(roomId)),
      audienceOf(this.#env, this.#config),
    );
    return new Set(asked.flatMap((one) => one.servers));
  }

  async #tell(
    userId: UserId,
    list: Omit<ChangedList, 'sharesNames'>,
    servers: readonly ServerName[],
  ): Promise<boolean> {
    const { remote } = federationOf(this.#env, this.#config).toDevice;
    const { values } = await settingsOf(this.#env, this.#config).snapshot();
    const edus = introductionEdus(userId, { ...list, sharesNames: values['devices.share_names'] });
    if (edus.length === 0) return true;
    const some = servers.slice(0, MAX_SERVERS);
    const told = await inTurns(AT_ONCE, some, (server) => withinTime(CALL_TIMEOUT_MS, remote.keep(server, edus)));
    return told.length === some.length;
  }
}
