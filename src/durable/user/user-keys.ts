import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import { deviceListsPlan, isTold, type DeviceListsPlan } from '../../user/device-lists/device-lists-plan.ts';
import type { DeviceListChange } from '../../user/device-lists/device-list-store.ts';
import type { KeySignature } from '../../user/cross-signing/signing-key-store.ts';
import { uploadSignatures, type SignatureUpload } from '../../user/cross-signing/upload-signatures.ts';
import { uploadSigningKeys, type SigningKeyUpload } from '../../user/cross-signing/upload-signing-keys.ts';
import { claimKeys, type KeyClaim } from '../../user/keys/claim-keys.ts';
import { countKeys, NO_KEYS } from '../../user/keys/count-keys.ts';
import type { DeviceOf } from '../../user/keys/key-store.ts';
import { publishedBy, queryKeys, type KeyQuery, type PublishedDevices } from '../../user/keys/query-keys.ts';
import { uploadKeys, type KeyUpload } from '../../user/keys/upload-keys.ts';
import type { RpcResult } from '../call.ts';
import { DeviceListAnnouncer } from './device-list-announcer.ts';
import type { DeviceListsCall, SignaturesCall, UserKeysRpc } from './keys-rpc.ts';
import { UserObject } from './user-object.ts';

/** The duty that tells others of a user's changed device list, where nobody else did. */
export const DEVICE_LISTS = 'device-lists';
const BACKSTOP_MS = 30_000;
/** Rooms in which memberships changed last: so many are looked at, and told of. */
const LATELY_CHANGED = 100;
const LATELY_CHANGED_TOLD = 16;

/** What devices publish for end-to-end encryption, and whose of it changed. */
export abstract class UserKeys extends UserObject implements UserKeysRpc {
  readonly #announcer = new DeviceListAnnouncer(this.env, this.config, {
    shard: () => this.ctx.id.name ?? '',
    progress: this.progress,
    deviceLists: this.deviceLists,
    published: (userId) => publishedBy(this.#stores(), { userId, deviceIds: [] }),
    told: (userId, through) => {
      this.write({}, () => {
        this.deviceLists.dropOutgoing(userId, through);
        if (this.deviceLists.outgoing(userId).length === 0) this.schedule.clear(DEVICE_LISTS, userId);
      });
    },
  });

  async uploadKeys(call: KeyUpload & { readonly opId?: string }) {
    return this.write(call, (now) => uploadKeys(this.#stores(), call, now));
  }

  async queryKeys({ queries }: { readonly queries: readonly KeyQuery[] }) {
    return this.read<readonly PublishedDevices[]>([], () => queryKeys(this.#stores(), queries));
  }

  async claimKeys(call: { readonly claims: readonly KeyClaim[]; readonly opId?: string }) {
    return this.write(call, (now) => claimKeys(this.keys, call.claims, now));
  }

  async dropOneTimeKeys(call: { readonly opId?: string }) {
    return this.write(call, (now) => this.keys.dropOneTimeKeys(now));
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

  async applyDeviceLists({ changes }: { readonly changes: readonly DeviceListChange[] }): Promise<RpcResult<void>> {
    const answered = this.write({}, () => {
      for (const change of changes) this.deviceLists.put(change, this.progress.take());
    });
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
    for (const { userId, viewer } of changes) {
      if (viewer === undefined) this.ctx.waitUntil(this.#announcer.announce(userId));
    }
  }

  protected override orderAnnouncement(userId: UserId, now: number): void {
    this.schedule.setAtLatest(DEVICE_LISTS, userId, now + BACKSTOP_MS);
  }

  /** The duty. @returns when (ms) it is due again. */
  protected async goOnAnnouncing(userId: UserId): Promise<number | undefined> {
    return (await this.#announcer.announce(userId)) ? undefined : Date.now() + BACKSTOP_MS;
  }

  #stores() {
    const { keys, signingKeys, people, deviceLists, progress } = this;
    return { keys, signingKeys, people, deviceLists, progress };
  }
}
