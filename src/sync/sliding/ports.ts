import type { RequiredState } from '../../matrix/event/required-state.ts';
import type { RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { OwnRules } from '../../matrix/push-rules/ruleset.ts';
import type {
  AccountDataEvent,
  KeyCounts,
  SyncPlan,
  SyncPlanQuery,
  SyncRoomAnswer,
  SyncRooms,
  ToDeviceMessage,
} from '../ports.ts';
import type { DeviceListsPlan } from '../device-lists.ts';
import type { SlidingExtensions } from './extension-request.ts';
import type { ListFilter, SlidingRequest, WantedList } from './request.ts';

/** Whose connection it is, and what the client calls it. */
interface Device {
  readonly userId: UserId;
  readonly deviceId: string;
  readonly connId: string;
}

/** A list as the shard looks at it: spaces are the rooms in them. */
type PlannedList = Omit<WantedList, 'spaces' | 'filter'> & {
  readonly filter: ListFilter & { readonly among?: readonly string[] };
};

export interface SlidingPlanQuery extends Device, Pick<SlidingRequest, 'subscriptions'> {
  readonly extensions: Pick<SlidingExtensions, 'accountData' | 'receipts' | 'typing'>;
  readonly lists: readonly PlannedList[];
  readonly pos: GivenPos | undefined;
  /** Names the request: of several of one connection the newest counts. */
  readonly request: string;
  /** Whether it is the first plan of the request. */
  readonly isFirst: boolean;
  /** Whether changes of device lists are wanted. */
  readonly deviceLists: boolean;
  readonly presence: SyncPlanQuery['presence'];
  /** The device has received its messages up to `after`; `undefined` where it is told of none. */
  readonly toDevice: { readonly after: number; readonly limit: number } | undefined;
}

export interface GivenPos {
  readonly connection: string;
  readonly generation: number;
}

/** What a client knows of a room. */
export interface SentRoom {
  readonly pos: number;
  readonly membership: string;
  readonly seen: number;
  readonly required: readonly RequiredState[];
  readonly isDirect: boolean;
  readonly receiptsPos: number | undefined;
  readonly hasAccountData: boolean;
}

export interface SlidingRoom {
  readonly roomId: RoomId;
  readonly membership: string;
  /** `undefined`: the room is told whole. */
  readonly from: number | undefined;
  readonly to: number;
  readonly liveFrom: number;
  readonly bumpStamp: number;
  readonly isDirect: boolean;
  /** Whether `isDirect` is news. */
  readonly isDirectNews: boolean;
  readonly timelineLimit: number;
  readonly required: readonly RequiredState[];
  readonly sent: SentRoom | undefined;
  readonly lists: readonly string[];
  /** Where receipts are told from, which are wanted. */
  readonly receiptsFrom?: { readonly pos: number | undefined };
  /** All that the user keeps with the room, where it is to be told. */
  readonly accountData?: readonly Pick<AccountDataEvent, 'type' | 'content'>[];
}

export interface SlidingPlan {
  readonly seq: number;
  readonly lists: Readonly<Record<string, { readonly count: number }>>;
  readonly rooms: readonly SlidingRoom[];
  /** Changes, global and of rooms that the client knows. */
  readonly accountData: readonly AccountDataEvent[];
  /** Kept with an answer: account data of these rooms changed and was not wanted. */
  readonly stale: readonly { readonly roomId: RoomId; readonly room: SentRoom }[];
  readonly typing: SyncPlan['typing'];
  readonly keys: KeyCounts;
  /** Left out where nothing of them changed, or they are not wanted. */
  readonly deviceLists?: DeviceListsPlan;
  readonly toDevice?: readonly ToDeviceMessage[];
  readonly ignoredUsers: readonly UserId[];
  /** Whether the user wants to see no invitations. */
  readonly blocksInvites?: boolean | undefined;
  readonly pushRules?: OwnRules | undefined;
}

export interface SlidingCommit extends Device {
  readonly request: string;
  readonly pos: GivenPos | undefined;
  readonly newConnection: string;
  readonly seq: number;
  readonly accountSeq: number | undefined;
  readonly rooms: readonly { readonly roomId: RoomId; readonly room: SentRoom }[];
}

/** The shard of the user who syncs. */
export interface SlidingShard {
  /** Throws `M_UNKNOWN_POS`. */
  plan(query: SlidingPlanQuery): Promise<SlidingPlan>;
  /**
   * Whether there are news after `after`, which may be at once, within the time. A later wait of the same connection ends
   * it. Never rejects.
   */
  wait(
    query: Device & Pick<SlidingPlanQuery, 'presence'> & { readonly after: number; readonly timeoutMs: number },
  ): Promise<boolean>;
  /** Those of some rooms that the user is joined to. */
  joined(query: { readonly userId: UserId; readonly roomIds: readonly RoomId[] }): Promise<readonly RoomId[]>;
  /** @returns the `pos` of the answer; `undefined` where another request has come meanwhile. Throws `M_UNKNOWN_POS`. */
  commit(answer: SlidingCommit): Promise<GivenPos | undefined>;
}

export interface SlidingRoomQuery {
  readonly roomId: RoomId;
  readonly userId: UserId;
  readonly scope: string;
  readonly from: number | undefined;
  readonly to: number;
  readonly liveFrom: number;
  readonly seen: number;
  readonly timelineLimit: number;
  readonly required: readonly RequiredState[];
  readonly known: readonly RequiredState[];
  readonly ignoredUsers: readonly UserId[];
  readonly pushRules?: OwnRules;
  readonly receiptsFrom?: { readonly pos: number | undefined };
}

export interface SlidingRoomAnswer extends Pick<SyncRoomAnswer, 'limited' | 'prevBatch' | 'receipts'> {
  readonly timeline: readonly object[];
  readonly initial: boolean;
  /** Whether anything but receipts is told. */
  readonly isNews: boolean;
  readonly seen: number;
  readonly expandedTimeline: boolean;
  readonly numLive: number;
  readonly state: readonly object[];
  readonly name?: string | null;
  readonly avatar?: string | null;
  readonly heroes?: readonly object[];
  readonly counts?: { readonly joined: number; readonly invited: number };
  readonly unread: SyncRoomAnswer['unread'];
}

/** The rooms, each through its object. */
export interface SlidingRooms extends Pick<SyncRooms, 'readInvite'> {
  readSliding(query: SlidingRoomQuery): Promise<SlidingRoomAnswer | undefined>;
  /** What is in a space that the user is joined to. */
  spaceChildren(space: { readonly roomId: RoomId; readonly userId: UserId }): Promise<readonly string[]>;
}
