import type { EventFilter } from '../matrix/event/event-filter.ts';
import type { RoomId, UserId } from '../matrix/ids/brands.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';
import type { DeviceListsPlan } from './device-lists.ts';
import type { SeenPresence } from './presence-content.ts';
import type { OwnRules } from '../matrix/push-rules/ruleset.ts';

export interface PlannedRoom {
  readonly roomId: RoomId;
  readonly membership: string;
  /** `undefined`: unknown, which is read with full state. */
  readonly from: number | undefined;
  readonly to: number;
  readonly owedFrom: number | undefined;
  readonly wasJoined: boolean;
}

export interface AccountDataEvent {
  /** Empty for global account data. */
  readonly roomId: string;
  readonly type: string;
  readonly content: JsonObject;
}

/** What a device has published of keys that others use up. */
export interface KeyCounts {
  /** Unclaimed one-time keys, by algorithm. */
  readonly oneTimeKeys: Readonly<Record<string, number>>;
  /** Algorithms whose fallback key was not used yet. */
  readonly unusedFallbackKeys: readonly string[];
}

/** A message to a device. */
export interface ToDeviceMessage {
  /** Of the shard when it came. */
  readonly seq: number;
  readonly sender: UserId;
  readonly type: string;
  /** A JSON object, as text. */
  readonly content: string;
}

export interface SyncPlan {
  readonly seq: number;
  readonly rooms: readonly PlannedRoom[];
  readonly typing: readonly { readonly roomId: RoomId; readonly userIds: readonly UserId[] }[];
  /** What changed since then, of all rooms. */
  readonly accountData: readonly AccountDataEvent[];
  /** Of whom something changed that the user may see. */
  readonly presence: readonly SeenPresence[];
  readonly keys: KeyCounts;
  /** Left out where nothing of them changed. */
  readonly deviceLists?: DeviceListsPlan;
  /** The first that the device has not received yet. */
  readonly toDevice?: readonly ToDeviceMessage[];
  /** Of whom the user wants to see nothing but state. */
  readonly ignoredUsers: readonly UserId[];
  /** Whether the user wants to see no invitations. */
  readonly blocksInvites?: boolean | undefined;
  /** `undefined`: the user has none of their own. */
  readonly pushRules?: OwnRules | undefined;
}

export interface SyncPlanQuery {
  /** How the sync shows its user, and for how long it is held; `undefined` where it does not. */
  readonly presence: { readonly state: 'online' | 'unavailable'; readonly holdMs: number } | undefined;
  readonly userId: UserId;
  readonly deviceId: string;
  /** The device has received its messages up to here; `undefined` where it is told of none. */
  readonly toDevice: number | undefined;
  readonly since: number | undefined;
  /** Whether the client came with a token that means nothing any more. */
  readonly hasLostToken?: boolean;
  readonly owedSince: number | undefined;
  readonly fullState: boolean;
  readonly includeLeave: boolean;
}

/** The shard of the user who syncs. */
export interface SyncShard {
  plan(query: SyncPlanQuery): Promise<SyncPlan>;
  /**
   * {@link plan} when there are news after `after`, which may be at once; `undefined` where none came within the time.
   * Never rejects.
   */
  wait(query: SyncPlanQuery & { after: number; timeoutMs: number }): Promise<SyncPlan | undefined>;
  keyCounts(device: { readonly userId: UserId; readonly deviceId: string }): Promise<KeyCounts>;
}

export interface SyncRoomQuery {
  readonly roomId: RoomId;
  readonly userId: UserId;
  readonly scope: string;
  readonly from: number | undefined;
  readonly to: number;
  readonly owedFrom?: number;
  readonly timelineLimit: number;
  readonly timelineFilter: EventFilter;
  readonly stateFilter: EventFilter;
  readonly lazyLoadMembers: boolean;
  readonly fullState: boolean;
  /** Whether `state` goes up to the end of the timeline. */
  readonly stateAfter: boolean;
  readonly isRaw: boolean;
  readonly ignoredUsers: readonly UserId[];
  /** Those of the user's own that matter in the room. */
  readonly pushRules?: OwnRules;
}

interface UnreadCounts {
  readonly notification_count: number;
  readonly highlight_count: number;
}

export interface SyncRoomAnswer {
  readonly limited: boolean;
  /** Events as JSON text, which is put into the answer as it is. */
  readonly timeline: readonly string[];
  readonly prevBatch: string | undefined;
  /** The same of the state. */
  readonly state: readonly string[];
  readonly receipts: JsonObject | undefined;
  readonly summary: object | undefined;
  readonly unread: {
    readonly main: UnreadCounts;
    readonly threads: Readonly<Record<string, UnreadCounts>>;
  };
  readonly owed: boolean;
}

/** The rooms, each through its object. */
export interface SyncRooms {
  readSync(query: SyncRoomQuery): Promise<SyncRoomAnswer | undefined>;
  readInvite(query: { roomId: RoomId; userId: UserId }): Promise<readonly JsonObject[]>;
}
