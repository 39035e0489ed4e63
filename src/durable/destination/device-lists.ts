import type { Config, Env } from '../../config.ts';
import { ChangedUsers } from '../../federation/device-lists/changed-users.ts';
import type { DeviceListUpdate } from '../../federation/device-lists/ports.ts';
import { RemoteDeviceLists } from '../../federation/device-lists/remote-device-lists.ts';
import { getUserDevices } from '../../federation/operations/get-user-devices.ts';
import type { Sender } from '../../federation/sending/sender.ts';
import type { ServerName } from '../../matrix/ids/brands.ts';
import { ChangedUserRepository } from '../../storage/destination-db/changed-user-repository.ts';
import { DeviceListRepository } from '../../storage/destination-db/device-list-repository.ts';
import { after, federationOf } from '../federation.ts';
import { tellShards } from '../remote-device-lists.ts';
import type { Schedule } from '../schedule.ts';

/** Tells the shards here of changes, and fetches lists again: at once, and as a duty for what was left. */
export const TELL = 'tell';
export const RESYNC = 'resync';
const BACKSTOP_MS = 30_000;
/** Of one alarm. */
const TURN_MS = 5_000;

interface Parts {
  readonly env: Env;
  readonly config: Config;
  readonly server: ServerName;
  readonly schedule: Schedule;
  readonly sender: Pick<Sender, 'waitsUntil' | 'askedWell' | 'askedInVain'>;
}

/** Devices and cross-signing keys of the server's users. */
export class DestinationDeviceLists {
  readonly lists: RemoteDeviceLists;
  readonly #changedUsers: ChangedUsers;
  readonly #ctx: Pick<DurableObjectState, 'storage' | 'waitUntil'>;
  readonly #schedule: Schedule;

  constructor(ctx: DurableObjectState, { env, config, server, schedule, sender }: Parts) {
    this.#ctx = ctx;
    this.#schedule = schedule;
    const { client } = federationOf(env, config);
    const common = { now: Date.now, random: Math.random, after };
    this.#changedUsers = new ChangedUsers({
      ...common,
      store: new ChangedUserRepository(ctx.storage),
      tell: tellShards(env, config, server),
    });
    this.lists = new RemoteDeviceLists({
      ...common,
      store: new DeviceListRepository(ctx.storage),
      fetch: (userId) => getUserDevices(client, { destination: server, userId }),
      waitsUntil: () => sender.waitsUntil(),
      asked: (failure) => (failure === undefined ? sender.askedWell() : sender.askedInVain(failure)),
      changed: (userId) => {
        this.#changedUsers.note([userId]);
        this.#tellSoon();
      },
      instance: crypto.randomUUID(),
    });
  }

  /** What the server told; durable when it is answered. */
  receive(updates: readonly DeviceListUpdate[]): void {
    this.#ctx.storage.transactionSync(() => {
      this.lists.receive(updates);
      this.#changedUsers.note([...new Set(updates.map(({ userId }) => userId))]);
    });
    this.#tellSoon();
    this.resyncSoon();
  }

  #tellSoon(): void {
    this.#begin(TELL, this.#changedUsers.tell());
  }

  resyncSoon(): void {
    if (this.lists.isBehind()) this.#begin(RESYNC, this.lists.resync());
  }

  /** At once; the duty sees to what is left, and to all of it where this instance ends before. */
  #begin(kind: string, work: Promise<number | undefined>): void {
    this.#schedule.setIfAbsent(kind, '', Date.now() + BACKSTOP_MS);
    this.#ctx.waitUntil(this.#goBack(kind, work));
  }

  async #goBack(kind: string, work: Promise<number | undefined>): Promise<void> {
    const next = await work;
    if (next !== undefined) this.#schedule.setAtLatest(kind, '', next);
  }

  /**
   * A duty. Of a server of which something is heard all the time neither ends: it goes on by itself after its turn, and the
   * alarm, which has other duties, comes back to see. @returns when (ms) it is due again, if ever.
   */
  async goOn(kind: typeof TELL | typeof RESYNC): Promise<number | undefined> {
    const work = kind === TELL ? this.#changedUsers.tell() : this.lists.resync();
    const { promise, resolve } = Promise.withResolvers<number>();
    const timer = setTimeout(() => resolve(Date.now() + BACKSTOP_MS), TURN_MS);
    this.#ctx.waitUntil(work);
    try {
      return await Promise.race([work, promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
