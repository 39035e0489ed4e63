import type { RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import { announceAnew } from '../../user/device-lists/announce-anew.ts';
import { deviceListsPlan, isTold, type DeviceListsPlan } from '../../user/device-lists/device-lists-plan.ts';
import type { DeviceListChange } from '../../user/device-lists/device-list-store.ts';
import { deviceNewsAfter, type DeviceNews } from '../../user/device-lists/device-news.ts';
import type { KeySignature } from '../../user/cross-signing/signing-key-store.ts';
import { uploadSignatures, type SignatureUpload } from '../../user/cross-signing/upload-signatures.ts';
import { uploadSigningKeys, type SigningKeyUpload } from '../../user/cross-signing/upload-signing-keys.ts';
import { claimKeys, type KeyClaim } from '../../user/keys/claim-keys.ts';
import { countKeys, countKeysOf, NO_KEYS, type CountedKeys } from '../../user/keys/count-keys.ts';
import type { DeviceOf } from '../../user/keys/key-store.ts';
import {
  hasPublished,
  publishedBy,
  queryKeys,
  type KeyQuery,
  type PublishedDevices,
} from '../../user/keys/query-keys.ts';
import { uploadKeys, type KeyUpload } from '../../user/keys/upload-keys.ts';
import type { RpcResult } from '../call.ts';
import { AppserviceNotices } from './appservice-notices.ts';
import { DeviceListAnnouncer, TRACKED_MS } from './device-list-announcer.ts';
import type { DeviceListsCall, KeysQueryCall, SignaturesCall, UserKeysRpc } from './keys-rpc.ts';
import { UserObject } from './user-object.ts';

/** The duty that tells others of a user's changed device list, where nobody else did. */
export const DEVICE_LISTS = 'device-lists';
const BACKSTOP_MS = 30_000;
/** The servers of a room have to know of a join before the devices of who joined mean something to them. */
const SETTLES_MS = 5_000;
/** Between users whose devices are told of anew after a restore. */
const SPREAD_MS = 250;
/** Rooms in which memberships changed last: so many are looked at, and told of. */
const LATELY_CHANGED = 100;
const LATELY_CHANGED_TOLD = 16;

/** What devices publish for end-to-end encryption, and whose of it changed. */
export abstract class UserKeys extends UserObject implements UserKeysRpc {
  /** Of the log, for application services. */
  protected readonly notices = new AppserviceNotices(this.env, this.config, this.schedule, () => this.progress.head());
  readonly #announcer = new DeviceListAnnouncer(this.env, this.config, {
    shard: () => this.name(),
    progress: this.progress,
    deviceLists: this.deviceLists,
    published: (userId) => publishedBy(this.#stores(), { userId, deviceIds: [] }),
    told: (userId, through, servers) => {
      this.write({}, (now) => {
        this.deviceLists.dropOutgoing(userId, through);
        this.deviceLists.dropTrackers(userId, servers, now - TRACKED_MS);
        this.#endDuty(userId);
      });
    },
    introduced: (userId, joins) => {
      this.write({}, () => {
        this.deviceLists.dropJoins(userId, joins);
        this.#endDuty(userId);
      });
    },
  });

  async uploadKeys(call: KeyUpload & { readonly opId?: string }) {
    return this.write(call, (now) => uploadKeys(this.#stores(), call, now));
  }

  async queryKeys({ queries, asker }: KeysQueryCall) {
    if (asker !== undefined && this.isBorn()) this.#track(queries, asker);
    return this.read<readonly PublishedDevices[]>([], () => queryKeys(this.#stores(), queries));
  }

  #track(queries: readonly KeyQuery[], server: ServerName): void {
    const since = Date.now() - TRACKED_MS / 2;
    const untold = queries.filter(
      ({ userId }) => !this.#announcer.isTold(userId, server) && !this.deviceLists.isTracked(userId, server, since),
    );
    if (untold.length === 0) return;
    this.write({}, (now) => {
      for (const { userId } of untold) this.deviceLists.track(userId, server, now);
    });
  }

  async claimKeys(call: { readonly claims: readonly KeyClaim[]; readonly opId?: string }) {
    let isNoted = false;
    const claimed = this.write(call, (now) => {
      const keys = claimKeys(this.keys, call.claims, now);
      isNoted = this.#noteUses(new Set(keys.map(({ userId }) => userId)), now);
      return keys;
    });
    if (isNoted) this.ctx.waitUntil(this.notices.tell(this.name()));
    return claimed;
  }

  async restored(call: { readonly opId?: string }) {
    return this.write(call, (now) => {
      this.#noteUses(new Set(this.keys.usersWithOneTimeKeys()), now);
      this.keys.dropOneTimeKeys(now);
      for (const [at, userId] of announceAnew(this.#stores()).entries()) {
        this.schedule.setAtLatest(DEVICE_LISTS, userId, now + at * SPREAD_MS);
      }
    });
  }

  async keyCountsOf({ userIds }: { readonly userIds: readonly UserId[] }) {
    return this.read<readonly CountedKeys[]>([], () => countKeysOf(this.keys, userIds));
  }

  async keyCounts(device: DeviceOf) {
    return this.read(NO_KEYS, () => countKeys(this.keys, device));
  }

  async uploadSigningKeys(call: SigningKeyUpload & { readonly opId?: string }) {
    return this.write(call, () => uploadSigningKeys(this.#stores(), call));
  }

  async uploadSignatures(call: SignatureUpload & { readonly opId?: string }) {
    return this.write(call, () => uploadSignatures(this.#stores(), call));
  }

  async signaturesOf({ userId, of }: SignaturesCall) {
    return this.read<readonly KeySignature[]>([], () => this.signingKeys.signatures(userId, of));
  }

  async deviceListChanges({ userId, since }: DeviceListsCall) {
    return this.read<DeviceListsPlan | undefined>(undefined, () => this.deviceListsFor(userId, since));
  }

  async roomsWithNewMembers({ userId }: { readonly userId?: UserId }) {
    const isIn = (roomId: RoomId) =>
      userId === undefined
        ? this.progress.hasJoined(roomId)
        : this.progress.room(userId, roomId)?.membership === 'join';
    return this.read<readonly RoomId[]>([], () =>
      this.deviceLists.membersChangedLast(LATELY_CHANGED).filter(isIn).slice(0, LATELY_CHANGED_TOLD),
    );
  }

  async membersChangedSince({ seq }: { readonly seq: number | undefined }) {
    return this.read<{ readonly seq: number; readonly roomIds: readonly RoomId[] }>({ seq: 0, roomIds: [] }, () => ({
      seq: this.progress.head(),
      roomIds: seq === undefined ? [] : [...this.deviceLists.membersChangedAfter(seq)],
    }));
  }

  async applyDeviceLists({ changes }: { readonly changes: readonly DeviceListChange[] }): Promise<RpcResult<void>> {
    const answered = this.write({}, (now) => {
      for (const change of changes) this.deviceLists.put(change, this.progress.take());
      this.notices.noteDevices(this.name(), now);
    });
    this.ctx.waitUntil(this.notices.tellOfDevices(this.name()));
    this.wake((userId) => changes.some((change) => isTold(this.progress, userId, change)));
    return answered;
  }

  /** What a sync has to tell of device lists. @param since a token that is ahead of the log is of before a restore. */
  protected deviceListsFor(userId: UserId, since: number | 'lost'): DeviceListsPlan | undefined {
    const isAhead = since !== 'lost' && since > this.progress.head();
    return deviceListsPlan(this.#stores(), userId, isAhead ? 'lost' : since);
  }

  protected override deviceListsChanged(changed: readonly Omit<DeviceListChange, 'roomIds'>[]): void {
    const changes = changed.map((change) => ({ ...change, roomIds: undefined }));
    this.wake((concerned) => changes.some((change) => isTold(this.progress, concerned, change)));
    this.ctx.waitUntil(this.notices.tellOfDevices(this.name()));
    for (const { userId, viewer } of changes) {
      if (viewer === undefined) this.ctx.waitUntil(this.#announcer.announce(userId));
    }
  }

  protected override orderAnnouncement(userId: UserId, now: number): void {
    this.schedule.setAtLatest(DEVICE_LISTS, userId, now + BACKSTOP_MS);
    this.notices.noteDevices(this.name(), now);
  }

  protected deviceNewsAfter(after: number): DeviceNews {
    const { deviceLists, keyUses, progress } = this;
    return deviceNewsAfter({ deviceLists, keyUses, progress }, after, this.config.serverName);
  }

  /** Runs in the transaction that is open. @returns whether an application service may want to know. */
  #noteUses(userIds: ReadonlySet<UserId>, now: number): boolean {
    const wanted = [...userIds].filter((userId) => this.notices.mayWantKeyUses(userId));
    if (wanted.length === 0) return false;
    const seq = this.progress.take();
    for (const userId of wanted) this.keyUses.note(userId, seq);
    this.notices.noteDevices(this.name(), now);
    return true;
  }

  /** The duty. @returns when (ms) it is due again. */
  protected async goOnAnnouncing(userId: UserId): Promise<number | undefined> {
    return (await this.#announcer.announce(userId)) ? this.deviceLists.nextJoinAt(userId) : Date.now() + BACKSTOP_MS;
  }

  #endDuty(userId: UserId): void {
    if (this.deviceLists.outgoing(userId).length > 0) return;
    if (this.deviceLists.nextJoinAt(userId) === undefined) this.schedule.clear(DEVICE_LISTS, userId);
  }

  /** These came into the room: servers there may not know their devices. Runs in the transaction that is open. */
  protected introduceSoon(userIds: readonly UserId[], roomId: RoomId, now: number): void {
    for (const userId of userIds) {
      if (!hasPublished(this.#stores(), userId)) continue;
      this.deviceLists.noteJoin(userId, { roomId, at: now + SETTLES_MS });
      this.schedule.setAtLatest(DEVICE_LISTS, userId, now + SETTLES_MS);
    }
  }

  #stores() {
    const { keys, signingKeys, people, deviceLists, progress } = this;
    return { keys, signingKeys, people, deviceLists, progress };
  }
}
