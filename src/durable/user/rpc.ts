import type { RoomId, ServerName, UserId } from '../../matrix/ids/brands.ts';
import type { PutDevice } from '../../user/devices/put-device.ts';
import type { UserStanding } from '../../user/devices/sessions.ts';
import type { FoundUser } from '../../matrix/discovery/user-match.ts';
import type { UserQuery } from '../../user/profile/find-users.ts';
import type { RpcResult } from '../call.ts';
import type { ShardApply, ShardAnswer } from '../../user/progress/apply-range.ts';
import type { DeviceListsPlan } from '../../user/device-lists/device-lists-plan.ts';
import type { TagChange } from '../../user/account-data/change-tag.ts';
import type { AccountDataRow, Device, Profile } from '../../user/devices/device-store.ts';
import type { LoginInput, RefreshInput, Session } from '../../user/devices/sessions.ts';
import type { Standing } from '../../user/devices/set-standing.ts';
import type { JsonObject, JsonValue } from '../../matrix/json/json-value.ts';
import type { PushRuleChange } from '../../matrix/push-rules/change-rules.ts';
import type { KeyCounts } from '../../user/keys/count-keys.ts';
import type { DeviceOf } from '../../user/keys/key-store.ts';
import type { MovedRoom } from '../../user/progress/store.ts';
import type { Pusher, PusherKey } from '../../user/pushes/push-store.ts';
import type { Ruleset } from '../../matrix/push-rules/ruleset.ts';
import type { WaitingMessage } from '../../user/inbox/inbox-store.ts';
import type { Delivery } from '../../user/inbox/receive-messages.ts';
import type { ReadSettings } from '../../user/account-data/read-settings.ts';
import type { Presence, PresenceState } from '../../user/presence/presence.ts';
import type { PostedPresence } from '../../user/presence/presence-board.ts';
import type { AppserviceMoves, MovesQuery } from '../../user/inbox/moves-for-appservice.ts';
import type { SlidingAnswer } from '../../user/sliding/commit-answer.ts';
import type { GivenPos, SlidingPlan, SlidingQuery } from '../../user/sliding/sliding-plan.ts';
import type { SyncPlan as Plan, SyncPlanQuery } from '../../user/progress/sync-plan.ts';

/**
 * A plan, the account data that changed since the token that was asked for, messages for the device, the keys that it
 * has left, and what the user has set for reading rooms.
 */
export interface SyncPlan extends Plan, ReadSettings {
  readonly accountData: readonly AccountDataRow[];
  /** Of whom something changed. */
  readonly presence: readonly Presence[];
  readonly keys: KeyCounts;
  /** Left out where nothing of them changed. */
  readonly deviceLists?: DeviceListsPlan;
  /** The first that it has not received yet. */
  readonly toDevice: readonly WaitingMessage[];
}

/** What an application service may have had done. */
export interface Acted {
  /** Its ID. */
  readonly appservice?: string | undefined;
}

export interface PlanCall extends SyncPlanQuery, Acted {
  readonly deviceId: string;
  /** Whether the client came with a token that means nothing any more: it is told of everybody's device lists. */
  readonly hasLostToken?: boolean;
  /** The device has received the messages up to this `seq`; left out where it is not told of any. */
  readonly toDevice?: number;
  /** How the sync shows its user; left out where it does not. */
  readonly presence?: { readonly state: 'online' | 'unavailable'; readonly holdMs: number };
}

/** What a waiting sync's socket carries, so that a wake after hibernation knows what it asked for. */
export interface Waiting {
  /** News are what came after this `seq`. */
  readonly after: number;
  readonly plan: PlanCall;
  /** Of a sliding sync: what the client calls its connection, each of which waits for itself. */
  readonly connId?: string;
}

/** Who types in a room; `appservice`: whose call was the change. */
export interface TypingChange extends Acted {
  readonly roomId: RoomId;
  readonly userIds: readonly UserId[];
}

/** The part of a `User` shard that rooms and syncs call. */
export interface UserProgressRpc {
  /** A range of a room's stream (contracts, section 2). */
  applyRange(call: ShardApply): Promise<RpcResult<ShardAnswer>>;
  /** Who types in a room; never a row. */
  applyTyping(call: TypingChange): Promise<RpcResult<void>>;
  /** Which rooms moved, by the log, and messages to devices: for application services. */
  movesAfter(call: MovesQuery): Promise<RpcResult<AppserviceMoves>>;
  /** How many of these messages come behind one. */
  countAppserviceMessages(call: { readonly appserviceId: string; readonly after: number }): Promise<RpcResult<number>>;
  syncPlan(call: PlanCall): Promise<RpcResult<SyncPlan>>;
  joinedRooms(call: { readonly userId: UserId }): Promise<RpcResult<readonly RoomId[]>>;
  /** @returns false for a room that the user has not left. */
  forgetRoom(call: {
    readonly userId: UserId;
    readonly roomId: RoomId;
    readonly opId?: string;
  }): Promise<RpcResult<boolean>>;
  /** Where a user's room stood at a token's `seq`. */
  positionAt(call: { readonly roomId: RoomId; readonly seq: number }): Promise<RpcResult<number | undefined>>;
}

export interface Mutating {
  readonly opId?: string;
}

export interface SlidingPlanCall extends SlidingQuery, Pick<PlanCall, 'presence'> {
  /** Names the request, of which this may not be the first plan. */
  readonly request: string;
  readonly isFirst: boolean;
  /** Whether changes of device lists are wanted. */
  readonly deviceLists?: boolean;
  /** The device has received its messages up to `after`; left out where it is told of none. */
  readonly toDevice?: { readonly after: number; readonly limit: number };
}

export interface SlidingPlanAnswer extends Omit<SlidingPlan, 'toldTyping'>, ReadSettings, Pick<SyncPlan, 'toDevice'> {
  readonly keys: KeyCounts;
  readonly deviceLists?: DeviceListsPlan;
}

/** The part of a `User` shard that keeps connections of sliding sync. */
export interface UserSlidingRpc {
  /** Throws `M_UNKNOWN_POS`. */
  slidingPlan(call: SlidingPlanCall): Promise<RpcResult<SlidingPlanAnswer>>;
  /** @returns the `pos` of the answer; `undefined` where a newer request has come. Throws `M_UNKNOWN_POS`. */
  slidingCommit(
    call: Mutating & SlidingAnswer & { readonly request: string },
  ): Promise<RpcResult<GivenPos | undefined>>;
}

/** The part of a `User` shard that logins, devices, profiles and account data call. */
export interface UserAccountRpc {
  openSession(call: LoginInput & Mutating): Promise<RpcResult<void>>;
  /** Throws `M_UNKNOWN_TOKEN`. @param call.address the client's, where it is known. */
  session(call: { readonly hash: string; readonly address?: string }): Promise<RpcResult<Session>>;
  /** Counts a try at a password. @returns 0, or after how many milliseconds the next one is looked at. */
  takePasswordTry(call: Mutating & { readonly userId: UserId }): Promise<RpcResult<number>>;
  clearPasswordTries(call: Mutating & { readonly userId: UserId }): Promise<RpcResult<void>>;
  /** @returns the device that ended, whose token was one of before; `undefined`: none. */
  refresh(call: RefreshCall): Promise<RpcResult<{ userId: UserId; deviceId: string } | undefined>>;
  /** Ends the device of an access or a refresh token. @returns which one; `undefined` for an unknown token. */
  endSession(call: Mutating & { readonly hash: string }): Promise<RpcResult<DeviceOf | undefined>>;
  /** Holds at once for all sessions; isolates believe what they knew for at most 30 s. */
  setStanding(call: SetStandingCall): Promise<RpcResult<void>>;
  /** Ends one device, or with `undefined` all of the user's. */
  removeDevices(call: RemoveDevicesCall): Promise<RpcResult<void>>;
  devices(call: { readonly userId: UserId }): Promise<RpcResult<readonly Device[]>>;
  userStanding(call: { readonly userId: UserId; readonly deviceId: string }): Promise<RpcResult<UserStanding>>;
  putDevice(call: PutDeviceCall): Promise<RpcResult<{ readonly wasThere: boolean }>>;
  /** What members of rooms are shown. */
  profile(call: { readonly userId: UserId }): Promise<RpcResult<Profile>>;
  /** With all other fields. */
  /** Users that fit a term. */
  findUsers(call: UserQuery): Promise<RpcResult<readonly FoundUser[]>>;
  wholeProfile(call: { readonly userId: UserId }): Promise<RpcResult<JsonObject>>;
  /** A field that rooms are not told of. Throws `M_PROFILE_TOO_LARGE`. @param call.value `undefined` removes it. */
  setProfileField(
    call: Mutating & { readonly userId: UserId; readonly name: string; readonly value: JsonValue | undefined },
  ): Promise<RpcResult<void>>;
  /** Everything that a user keeps with a room. */
  roomAccountData(call: {
    readonly userId: UserId;
    readonly roomId: RoomId;
  }): Promise<RpcResult<readonly Pick<AccountDataRow, 'type' | 'content'>[]>>;
  accountData(call: AccountDataKey): Promise<RpcResult<JsonObject | undefined>>;
  putAccountData(call: AccountDataKey & Mutating & { readonly content: JsonObject }): Promise<RpcResult<void>>;
  tags(call: { readonly userId: UserId; readonly roomId: RoomId }): Promise<RpcResult<JsonObject>>;
  changeTag(call: TagChange & Mutating): Promise<RpcResult<void>>;
  pushRules(call: { readonly userId: UserId }): Promise<RpcResult<Ruleset>>;
  changePushRules(call: PushRuleChange & Mutating & { readonly userId: UserId }): Promise<RpcResult<void>>;
  /** What a user has set for a room holds for the room that replaces it. */
  carrySettings(
    call: Mutating & { readonly userId: UserId; readonly from: RoomId; readonly to: RoomId },
  ): Promise<RpcResult<void>>;
  addFilter(call: Mutating & { readonly userId: UserId; readonly definition: string }): Promise<RpcResult<number>>;
  filter(call: { readonly userId: UserId; readonly filterId: number }): Promise<RpcResult<string | undefined>>;
}

/** The part of a `User` shard about what users are notified of. */
export interface UserPushRpc {
  /** The rooms that the user is joined to, who moved last first, and what decides what they are notified of there. */
  notificationRooms(call: {
    readonly userId: UserId;
    readonly limit: number;
  }): Promise<RpcResult<ReadSettings & { readonly rooms: readonly MovedRoom[] }>>;
  pushers(call: { readonly userId: UserId }): Promise<RpcResult<readonly Pusher[]>>;
  /** Throws `M_LIMIT_EXCEEDED`. */
  setPusher(call: SetPusherCall): Promise<RpcResult<void>>;
  removePusher(call: PusherKey & Mutating): Promise<RpcResult<void>>;
}

/** The part of a `User` shard that knows how users are. Presence is repeated when it changes: no call acts once. */
export interface UserPresenceRpc {
  setPresence(call: PresenceCall): Promise<RpcResult<void>>;
  /** The user did something. */
  noteActivity(call: Acted & { readonly userId: UserId }): Promise<RpcResult<void>>;
  /** Of a user of the shard. */
  ownPresence(call: { readonly userId: UserId }): Promise<RpcResult<PostedPresence | undefined>>;
  /** Of anybody who shares a room with a user of the shard, as far as it is known. */
  presenceSeenBy(call: { readonly userId: UserId; readonly target: UserId }): Promise<RpcResult<Presence | undefined>>;
  /** Of users of other shards. */
  applyPresence(call: { readonly posted: readonly PostedPresence[] }): Promise<RpcResult<void>>;
  applyRemotePresence(call: RemotePresenceCall): Promise<RpcResult<void>>;
}

export interface PresenceCall extends Acted {
  readonly userId: UserId;
  readonly deviceId: string;
  readonly presence: PresenceState;
  /** Left out: none. */
  readonly statusMsg?: string;
}

export interface RemotePresenceCall {
  readonly origin: ServerName;
  /** Of users of `origin`. */
  readonly updates: readonly Presence[];
}

/** The part of a `User` shard that keeps messages for devices. Of a repeated delivery nothing is done. */
export interface UserInboxRpc {
  /** Durable when it is answered. */
  receiveMessages(call: { readonly deliveries: readonly Delivery[] }): Promise<RpcResult<void>>;
  /** Whether a delivery was received already. */
  hasReceived(call: Pick<Delivery, 'sender' | 'messageId'>): Promise<RpcResult<boolean>>;
}

/** The part of a `User` shard that does things in all rooms of a user. */
export interface UserRoomJobsRpc {
  /** The rooms are told by a job of the shard. Throws `M_PROFILE_TOO_LARGE`. */
  setProfile(call: SetProfileCall): Promise<RpcResult<Profile>>;
  /** Ends all sessions for ever; profile, account data and filters go. Rooms are left by a job of the shard. */
  deactivate(call: DeactivateCall): Promise<RpcResult<void>>;
  /** Does at once what a user's jobs have to do in the first rooms. */
  runRoomJobs(call: { readonly userId: UserId }): Promise<RpcResult<void>>;
  /** Has every room of this server, whoever is in it, see how old its messages may get by settings that are as new. */
  tourRooms(call: { readonly settingsRevision: number }): Promise<RpcResult<void>>;
}

export interface DeactivateCall extends Mutating {
  readonly userId: UserId;
  /** Whether what the user said is shown redacted to whoever comes into their rooms from now on. */
  readonly erase: boolean;
}

export interface SetPusherCall extends Mutating {
  readonly pusher: Omit<Pusher, 'setTs' | 'attempts'>;
  /** Whether other users keep a pusher at the same place. */
  readonly append: boolean;
}

export type RefreshCall = Mutating & RefreshInput;

export interface SetStandingCall extends Mutating, Standing {
  readonly userId: UserId;
  /**
   * Those that an application service made, with their devices, before the standing holds; `or-unknown`: those of which it
   * was not kept who made them, too.
   */
  readonly endsSessions?: 'of-appservices' | 'or-unknown';
}

export interface RemoveDevicesCall extends Mutating {
  readonly userId: UserId;
  readonly deviceIds: readonly string[] | undefined;
  /** Stays, of all. */
  readonly except?: string;
}

export type PutDeviceCall = PutDevice & Mutating;

export interface SetProfileCall extends Mutating, Acted {
  readonly userId: UserId;
  readonly field: 'displayname' | 'avatar_url';
  /** `undefined` removes it. */
  readonly value: string | undefined;
}

interface AccountDataKey {
  readonly userId: UserId;
  readonly roomId: string;
  readonly type: string;
}
