import { DurableObject } from 'cloudflare:workers';

import { userMigrations } from '../../../migrations/user.ts';
import { readConfig, type Config, type Env } from '../../config.ts';
import { sha256 } from '../../matrix/crypto/sha256.ts';
import { encodeBase64Url } from '../../matrix/crypto/base64.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import { AppserviceMessageRepository } from '../../storage/user-db/appservice-message-repository.ts';
import { DeviceRepository } from '../../storage/user-db/device-repository.ts';
import { DeviceListRepository } from '../../storage/user-db/device-list-repository.ts';
import { InboxRepository } from '../../storage/user-db/inbox-repository.ts';
import { KeyRepository } from '../../storage/user-db/key-repository.ts';
import { KeyUseRepository } from '../../storage/user-db/key-use-repository.ts';
import { PresenceRepository } from '../../storage/user-db/presence-repository.ts';
import { ProfileFieldRepository } from '../../storage/user-db/profile-field-repository.ts';
import { ProgressRepository } from '../../storage/user-db/progress-repository.ts';
import { PushRepository } from '../../storage/user-db/push-repository.ts';
import { RoomJobRepository } from '../../storage/user-db/room-job-repository.ts';
import { SigningKeyRepository } from '../../storage/user-db/signing-key-repository.ts';
import { SlidingRepository } from '../../storage/user-db/sliding-repository.ts';
import { applyMigrations, schemaVersion } from '../../storage/apply-migrations.ts';
import type { DeviceStores } from '../../user/devices/remove-device.ts';
import type { DeviceListChange } from '../../user/device-lists/device-list-store.ts';
import { answer, type RpcResult } from '../call.ts';
import { Schedule } from '../schedule.ts';
import { turn } from '../turn.ts';
import type { PlanCall, SyncPlan, Waiting } from './rpc.ts';

/**
 * What every call into a shard of users goes through: birth and schema, and the turn with its operation ID; and the
 * waiting syncs. The constructor only reads.
 */
export abstract class UserObject extends DurableObject<Env> {
  protected readonly config: Config;
  protected readonly progress: ProgressRepository;
  protected readonly people: DeviceRepository;
  protected readonly profileFields: ProfileFieldRepository;
  protected readonly keys: KeyRepository;
  protected readonly keyUses: KeyUseRepository;
  protected readonly deviceLists: DeviceListRepository;
  protected readonly signingKeys: SigningKeyRepository;
  protected readonly inbox: InboxRepository;
  protected readonly appserviceMessages: AppserviceMessageRepository;
  protected readonly jobs: RoomJobRepository;
  protected readonly pushes: PushRepository;
  protected readonly presence: PresenceRepository;
  protected readonly sliding: SlidingRepository;
  protected readonly schedule: Schedule;
  #isUpToDate = false;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.config = readConfig(env);
    this.progress = new ProgressRepository(state.storage.sql);
    this.people = new DeviceRepository(state.storage.sql);
    this.profileFields = new ProfileFieldRepository(state.storage.sql);
    this.keys = new KeyRepository(state.storage.sql);
    this.keyUses = new KeyUseRepository(state.storage.sql);
    this.deviceLists = new DeviceListRepository(state.storage.sql);
    this.signingKeys = new SigningKeyRepository(state.storage.sql);
    this.inbox = new InboxRepository(state.storage.sql);
    this.appserviceMessages = new AppserviceMessageRepository(state.storage.sql);
    this.jobs = new RoomJobRepository(state.storage.sql);
    this.pushes = new PushRepository(state.storage.sql);
    this.presence = new PresenceRepository(state.storage.sql);
    this.sliding = new SlidingRepository(state.storage.sql);
    this.schedule = new Schedule(state.storage);
  }

  protected name(): string {
    return this.ctx.id.name ?? '';
  }

  /** Whether the shard has tables; brings an older schema up to date. */
  protected isBorn(): boolean {
    if (this.#isUpToDate) return true;
    const version = schemaVersion(this.ctx.storage.sql);
    if (version === 0) return false;
    if (version < userMigrations.length) this.#migrate();
    this.#isUpToDate = true;
    void this.schedule.ensureAlarm();
    return true;
  }

  /** A read; `unborn` is what a shard without tables answers. */
  protected read<T>(unborn: T, work: () => T): RpcResult<T> {
    return answer(() => (this.isBorn() ? work() : unborn));
  }

  /** One mutating call: one transaction, acting once per operation ID. A shard's first one makes its tables. */
  protected write<T>(call: { readonly opId?: string }, work: (now: number) => T): RpcResult<T> {
    const answered = answer(() => {
      const now = Date.now();
      const isFirst = !this.isBorn();
      const value = turn(
        this.ctx.storage,
        [this.progress, this.pushes, this.deviceLists, this.schedule],
        { now },
        () => {
          if (isFirst) applyMigrations(this.ctx.storage.sql, userMigrations);
          const done = turn(this.ctx.storage, [], { ...call, now }, () => work(now));
          for (const change of this.deviceLists.touched()) {
            if (change.viewer === undefined) this.orderAnnouncement(change.userId, now);
          }
          return done;
        },
      );
      this.#isUpToDate = true;
      return value;
    });
    const changed = this.deviceLists.takeTouched();
    if (changed.length > 0) this.deviceListsChanged(changed);
    return answered;
  }

  /** All that a device has. */
  protected deviceStores(): DeviceStores {
    const { people: devices, keys, signingKeys, deviceLists, progress, pushes, sliding, inbox } = this;
    return { devices, keys, signingKeys, deviceLists, progress, pushes, sliding, inbox };
  }

  #migrate(): void {
    this.ctx.storage.transactionSync(() => applyMigrations(this.ctx.storage.sql, userMigrations));
  }

  /** Holds a sync's socket; an older wait of the same device, or connection of it, ends. */
  protected hold(waiting: Waiting): WebSocket {
    const { plan, connId } = waiting;
    // The names together may be longer than the 256 characters that a tag can have.
    const tag = encodeBase64Url(sha256(JSON.stringify([plan.userId, plan.deviceId, connId])));
    for (const older of this.ctx.getWebSockets(tag)) older.close(1000, 'replaced');
    const { 0: theirs, 1: ours } = new WebSocketPair();
    this.ctx.acceptWebSocket(ours, [tag, plan.userId]);
    ours.serializeAttachment(waiting);
    return theirs;
  }

  /**
   * Ends the waits of these users, or of devices of theirs, with what there is to read: the answer needs no other call of the shard. Those of
   * sliding sync, which plans by itself and tells nothing of presence, end with an empty message. It leaves when the
   * change is durable.
   */
  protected wake(isConcerned: (userId: UserId, deviceId: string) => boolean, news: 'any' | 'presence' = 'any'): void {
    for (const socket of this.ctx.getWebSockets()) {
      if (socket.readyState !== WebSocket.OPEN) continue;
      const waiting = socket.deserializeAttachment() as Waiting | null;
      if (waiting === null) continue;
      const isSliding = waiting.connId !== undefined;
      if ((isSliding && news === 'presence') || !isConcerned(waiting.plan.userId, waiting.plan.deviceId)) continue;
      socket.send(isSliding ? '' : JSON.stringify(this.planOf(waiting.plan)));
      socket.close(1000);
    }
  }

  /** What changed of device lists of the shard's users is durable: whoever waits for it hears of it. */
  protected abstract deviceListsChanged(changes: readonly Omit<DeviceListChange, 'roomIds'>[]): void;

  /** Others are to be told that the device list of a user changed. Runs in the transaction that is open. */
  protected abstract orderAnnouncement(userId: UserId, now: number): void;

  protected abstract planOf(query: PlanCall): SyncPlan;
}
