import type { Config, Env } from '../../config.ts';
import { MatrixError } from '../../matrix/error.ts';
import type { RoomContext } from '../../room/room-context.ts';
import { shutdownOf, type Shutdown } from '../../room/shutdown/require-open.ts';
import { nextInsiders, putShutdown, removeInsider, withRemoved, type Insider } from '../../room/shutdown/shutdown.ts';
import type { RoomStore } from '../../room/store.ts';
import { aliasRepository } from '../../storage/d1/alias-repository.ts';
import { roomRegistry } from '../../storage/d1/room-registry.ts';
import type { RpcResult } from '../call.ts';
import { objectStubs } from '../objects.ts';
import type { Schedule } from '../schedule.ts';
import { settingsOf } from '../settings.ts';
import { roomClient } from './client.ts';
import type { Handshakes } from './handshakes.ts';

/** The duty of a room that was closed. */
export const SHUTDOWN = 'shutdown';

/** Users who leave in one transaction. */
const AT_ONCE = 50;
const RETRY_MS = 10_000;

interface Parts {
  readonly store: RoomStore;
  readonly schedule: Pick<Schedule, 'set'>;
  readonly handshakes: Pick<Handshakes, 'inviteWasRejected'>;
  /** One turn of the room. */
  readonly turn: <T>(work: (ctx: RoomContext) => T) => Promise<RpcResult<T>>;
}

/** What a room that was closed has left to do: its names go, then its users of this server, some at a time. */
export class Shutdowns {
  readonly #env: Env;
  readonly #config: Config;
  readonly #parts: Parts;

  constructor(env: Env, config: Config, parts: Parts) {
    this.#env = env;
    this.#config = config;
    this.#parts = parts;
  }

  /** Inside the caller's turn. */
  hasBegun(now: number): void {
    this.#parts.schedule.set(SHUTDOWN, '', now);
  }

  /** What fails is tried again: neither D1 nor another object that is away must end the duty. */
  async attend(): Promise<number | undefined> {
    const { store } = this.#parts;
    const shutdown = shutdownOf(store);
    if (shutdown === undefined || shutdown.step === 'done') return undefined;
    try {
      if (shutdown.step === 'directory') await this.#clearDirectory(shutdown);
      else await this.#removeSome(shutdown);
    } catch {
      return Date.now() + RETRY_MS;
    }
    return shutdownOf(store)?.step === 'done' ? undefined : Date.now();
  }

  async #clearDirectory(shutdown: Shutdown): Promise<void> {
    const roomId = this.#roomId();
    await aliasRepository(this.#env.DB, Date.now).removeOf(roomId);
    await roomRegistry(this.#env.DB, Date.now).setPublished(roomId, false);
    await this.#turnOf(shutdown, ({ store }) => putShutdown(store, { ...shutdown, step: 'members' }));
  }

  async #removeSome(shutdown: Shutdown): Promise<void> {
    const { store, handshakes } = this.#parts;
    const { serverName } = this.#config;
    const some = nextInsiders({ store, serverName }, shutdown, AT_ONCE);
    await this.#invite(shutdown, some);
    await this.#turnOf(shutdown, (ctx) => {
      const gone = some.filter((insider) => removeInsider(ctx, insider)).map(({ userId }) => userId);
      for (const userId of gone) handshakes.inviteWasRejected(ctx, userId);
      const asked = some.map(({ userId }) => userId);
      putShutdown(ctx.store, withRemoved(shutdown, asked, gone));
    });
  }

  /** Into the room that says why; who is in it already is left alone. */
  async #invite({ notice }: Shutdown, insiders: readonly Insider[]): Promise<void> {
    if (notice === undefined) return;
    const { store } = this.#parts;
    const rooms = roomClient(objectStubs(this.#env, this.#config), settingsOf(this.#env, this.#config));
    const { roomId, userId: sender } = notice;
    const joined = insiders.filter(({ userId, membership }) => membership === 'join' && userId !== sender);
    const invite = async ({ userId: target }: Insider) => {
      const targetShard = store.localUsers.shardOf(target);
      if (targetShard === undefined) return;
      try {
        await rooms.changeMembership({ roomId, action: 'invite', sender, target, targetShard, content: {} });
      } catch (error) {
        if (!(error instanceof MatrixError) || error.status >= 500) throw error;
      }
    };
    await Promise.all(joined.map(invite));
  }

  #roomId() {
    return this.#parts.store.meta.roomId();
  }

  /** Does nothing where it was begun anew, or lifted, meanwhile. */
  async #turnOf({ since }: Shutdown, work: (ctx: RoomContext) => void): Promise<void> {
    const answered = await this.#parts.turn((ctx) => {
      if (shutdownOf(ctx.store)?.since === since) work(ctx);
    });
    if (!answered.ok) throw new Error(answered.refusal.message);
  }
}
