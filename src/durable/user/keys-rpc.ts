import type { RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { KeySignature } from '../../user/cross-signing/signing-key-store.ts';
import type { SignatureFailure, SignatureUpload } from '../../user/cross-signing/upload-signatures.ts';
import type { SigningKeyUpload } from '../../user/cross-signing/upload-signing-keys.ts';
import type { DeviceListChange } from '../../user/device-lists/device-list-store.ts';
import type { DeviceListsPlan } from '../../user/device-lists/device-lists-plan.ts';
import type { BackedUpKey, Backup, KeyPlace, KeyScope } from '../../user/key-backup/backup-store.ts';
import type { NewBackup } from '../../user/key-backup/backups.ts';
import type { BackupState, InBackup } from '../../user/key-backup/room-keys.ts';
import type { ClaimedKey, KeyClaim } from '../../user/keys/claim-keys.ts';
import type { CountedKeys, KeyCounts } from '../../user/keys/count-keys.ts';
import type { DeviceOf } from '../../user/keys/key-store.ts';
import type { KeyQuery, PublishedDevices } from '../../user/keys/query-keys.ts';
import type { KeyUpload } from '../../user/keys/upload-keys.ts';
import type { RpcResult } from '../call.ts';
import type { Mutating } from './rpc.ts';

/** The part of a `User` shard that holds what devices publish for end-to-end encryption. */
export interface UserKeysRpc {
  /** Throws `M_INVALID_PARAM`, `M_TOO_LARGE`. @returns the unclaimed one-time keys, by algorithm. */
  uploadKeys(call: KeyUpload & Mutating): Promise<RpcResult<Readonly<Record<string, number>>>>;
  queryKeys(call: KeysQueryCall): Promise<RpcResult<readonly PublishedDevices[]>>;
  claimKeys(call: Mutating & { readonly claims: readonly KeyClaim[] }): Promise<RpcResult<readonly ClaimedKey[]>>;
  /**
   * After a restore: one-time keys of all devices are dropped, which may have been given away already (fallback keys stay),
   * and other servers are told of the devices of all users, so that they ask for the lists.
   */
  restored(call: Mutating): Promise<RpcResult<void>>;
  keyCounts(call: DeviceOf): Promise<RpcResult<KeyCounts>>;
  /** Of all devices of users of the shard that have identity keys. */
  keyCountsOf(call: { readonly userIds: readonly UserId[] }): Promise<RpcResult<readonly CountedKeys[]>>;
  /** Throws `M_INVALID_PARAM`, `M_MISSING_PARAM`, `M_INVALID_SIGNATURE`, `M_FORBIDDEN`. @returns false: not confirmed. */
  uploadSigningKeys(call: SigningKeyUpload & Mutating): Promise<RpcResult<boolean>>;
  uploadSignatures(call: SignatureUpload & Mutating): Promise<RpcResult<readonly SignatureFailure[]>>;
  /** That a user made of keys of others. */
  signaturesOf(call: SignaturesCall): Promise<RpcResult<readonly KeySignature[]>>;
  /** `undefined`: nothing changed. */
  deviceListChanges(call: DeviceListsCall): Promise<RpcResult<DeviceListsPlan | undefined>>;
  /** Rooms that the user, or anybody of the shard, is joined to in which memberships changed lately, which the projection may not know yet. */
  roomsWithNewMembers(call: { readonly userId?: UserId }): Promise<RpcResult<readonly RoomId[]>>;
  /** Rooms in which memberships changed since a `seq` (`undefined`: none of them), and the `seq` of now. */
  membersChangedSince(call: {
    readonly seq: number | undefined;
  }): Promise<RpcResult<{ readonly seq: number; readonly roomIds: readonly RoomId[] }>>;
  /** Of users of other shards and servers, in rooms that this shard has members in. To repeat it changes nothing. */
  applyDeviceLists(call: { readonly changes: readonly DeviceListChange[] }): Promise<RpcResult<void>>;
}

export interface KeysQueryCall {
  readonly queries: readonly KeyQuery[];
  /** Another server, which is told of later changes. */
  readonly asker?: ServerName | undefined;
}

export interface SignaturesCall {
  readonly userId: UserId;
  readonly of: readonly UserId[];
}

export interface DeviceListsCall {
  readonly userId: UserId;
  /** The `seq` of a token; `lost`: one that means nothing any more. */
  readonly since: number | 'lost';
}

/** The part of a `User` shard that holds encrypted copies of room keys. All but the first throw `M_NOT_FOUND`. */
export interface UserKeyBackupRpc {
  /** Throws `M_LIMIT_EXCEEDED`. @returns its version. */
  createBackup(call: NewBackup & Mutating): Promise<RpcResult<number>>;
  /** @param call.version `undefined`: the current one. */
  backup(call: { readonly userId: UserId; readonly version: number | undefined }): Promise<RpcResult<Backup>>;
  /** Throws `M_INVALID_PARAM`. */
  changeBackup(call: NewBackup & Mutating & { readonly version: number }): Promise<RpcResult<void>>;
  deleteBackup(call: InBackup & Mutating): Promise<RpcResult<void>>;
  /** Throws `M_WRONG_ROOM_KEYS_VERSION`, `M_TOO_LARGE`. */
  storeRoomKeys(call: InBackup & Mutating & { readonly keys: readonly BackedUpKey[] }): Promise<RpcResult<BackupState>>;
  deleteRoomKeys(call: InBackup & Mutating & { readonly scope: KeyScope }): Promise<RpcResult<BackupState>>;
  /** As JSON. */
  roomKey(call: InBackup & KeyPlace): Promise<RpcResult<string>>;
  /** The whole body of the answer, as JSON. */
  roomKeys(call: InBackup & Pick<KeyScope, 'roomId'>): Promise<RpcResult<ReadableStream<Uint8Array>>>;
}
