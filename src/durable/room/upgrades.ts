import type { Config, Env } from '../../config.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { RoomContext } from '../../room/room-context.ts';
import type { RoomStore } from '../../room/store.ts';
import {
  continueUpgrade,
  endUpgrade,
  nextMembers,
  openUpgrade,
  type Upgrade,
} from '../../room/upgrade/upgrade-saga.ts';
import { moveDirectory } from '../../rooms/upgrade/move-directory.ts';
import type { CarriedSettings, MovedDirectory } from '../../rooms/upgrade/ports.ts';
import { takeAlong } from '../../rooms/upgrade/take-along.ts';
import { accountRepository } from '../../storage/d1/account-repository.ts';
import { aliasRepository } from '../../storage/d1/alias-repository.ts';
import { roomRegistry } from '../../storage/d1/room-registry.ts';
import { actingAs } from '../acting.ts';
import type { RpcResult } from '../call.ts';
import { federationOf } from '../federation.ts';
import { objectStubs } from '../objects.ts';
import type { Schedule } from '../schedule.ts';
import { settingsOf } from '../settings.ts';
import { shardClient } from '../user/client.ts';
import { roomClient } from './client.ts';

/** The duty of a room that was replaced. */
export const UPGRADE = 'upgrade';

/** Who upgrades the room moves the directory: after this long nobody does any more. */
const TAKEN_OVER_MS = 15_000;

/** Members who come along in one run. */
const MEMBERS_AT_ONCE = 20;

/** Until then it is tried to reach those whose server does not answer, each time after as long as it has taken so far. */
const LIFE_MS = 7 * 86_400_000;
const MIN_AGAIN_MS = 5_000;
const MAX_AGAIN_MS = 3_600_000;

interface Parts {
  readonly store: RoomStore;
  readonly schedule: Pick<Schedule, 'set'>;
  /** One turn of the room. */
  readonly turn: <T>(work: (ctx: RoomContext) => T) => Promise<RpcResult<T>>;
}

/** What a room that was replaced has left to do: its names and its members go over to the other one. */
export class Upgrades {
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
    this.#parts.schedule.set(UPGRADE, '', now + TAKEN_OVER_MS);
  }

  /** Inside the caller's turn: members come next, at once. */
  directoryMoved({ store, now }: RoomContext, replacement: string): void {
    const upgrade = openUpgrade(store);
    if (upgrade === undefined || upgrade.replacement !== replacement) return;
    continueUpgrade(store, { ...upgrade, step: 'members' });
    this.#parts.schedule.set(UPGRADE, '', now);
  }

  /** What fails is tried again: neither D1 nor another object that is away must end the duty. */
  async attend(): Promise<number | undefined> {
    const upgrade = openUpgrade(this.#parts.store);
    if (upgrade === undefined) return undefined;
    if (Date.now() - upgrade.since >= LIFE_MS) {
      await this.#turn(({ store }) => endUpgrade(store, upgrade));
      return undefined;
    }
    const work = () => (upgrade.step === 'directory' ? this.#moveDirectory(upgrade) : this.#takeAlong(upgrade));
    try {
      return await (upgrade.appservice === undefined ? work() : actingAs(upgrade.appservice, work));
    } catch {
      return again(upgrade);
    }
  }

  async #moveDirectory(upgrade: Upgrade): Promise<number | undefined> {
    const { userId, replacement } = upgrade;
    const { rooms, users, directory } = this.#others();
    const shard = await users.shardOf(userId);
    if (shard !== undefined) {
      const deps = { serverName: this.#config.serverName, room: rooms, directory, settings: users };
      await moveDirectory(deps, { roomId: this.#roomId(), replacement, userId, shard });
    }
    await this.#turn(({ store }) => continueUpgrade(store, { ...upgrade, step: 'members' }));
    return Date.now();
  }

  async #takeAlong(upgrade: Upgrade): Promise<number | undefined> {
    const members = nextMembers(this.#parts.store, upgrade, MEMBERS_AT_ONCE);
    const last = members.at(-1);
    if (last === undefined) return this.#endPass(upgrade);
    const { rooms, users, askForInvite } = this.#others();
    const { serverName } = this.#config;
    const deps = { serverName, rooms, users, settings: users, askForInvite };
    const isLeft = await takeAlong(deps, { ...upgrade, roomId: this.#roomId() }, members);
    const hasLeftOut = upgrade.hasLeftOut || isLeft;
    await this.#turn(({ store }) => continueUpgrade(store, { ...upgrade, after: last.userId, hasLeftOut }));
    return Date.now();
  }

  async #endPass(upgrade: Upgrade): Promise<number | undefined> {
    await this.#turn(({ store }) => {
      if (upgrade.hasLeftOut) continueUpgrade(store, { ...upgrade, after: '', hasLeftOut: false });
      else endUpgrade(store, upgrade);
    });
    return upgrade.hasLeftOut ? again(upgrade) : undefined;
  }

  #others() {
    const env = this.#env;
    const config = this.#config;
    const stubs = objectStubs(env, config);
    const shards = shardClient(stubs);
    const aliases = aliasRepository(env.DB, Date.now);
    const registry = roomRegistry(env.DB, Date.now);
    const { destinations } = federationOf(env, config);
    const directory: MovedDirectory = {
      moveAliases: (from, to) => aliases.moveTo(from, to),
      isPublished: (roomId) => registry.isPublished(roomId),
      setPublished: (roomId, published) => registry.setPublished(roomId, published),
    };
    const accounts = accountRepository(env.DB, config.accountsPerShard);
    const carrySettings: CarriedSettings['carrySettings'] = ({ userId, shard }, from, to) =>
      shards(shard).carrySettings({ userId, from, to });
    return {
      rooms: roomClient(stubs, settingsOf(env, config)),
      directory,
      users: {
        shardOf: (userId: UserId) => accounts.shardOf(userId),
        profileOf: ({ userId, shard }: Parameters<typeof carrySettings>[0]) => shards(shard).profile({ userId }),
        carrySettings,
      },
      askForInvite: (...asked: Parameters<typeof destinations.askForInvite>) => destinations.askForInvite(...asked),
    };
  }

  #roomId() {
    return this.#parts.store.meta.roomId();
  }

  async #turn<T>(work: (ctx: RoomContext) => T): Promise<T> {
    const answered = await this.#parts.turn(work);
    if (!answered.ok) throw new Error(answered.refusal.message);
    return answered.value;
  }
}

function again({ since }: Upgrade): number {
  const now = Date.now();
  return now + Math.min(Math.max(now - since, MIN_AGAIN_MS), MAX_AGAIN_MS);
}
