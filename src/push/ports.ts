import type { RoomId, UserId } from '../matrix/ids/brands.ts';
import type { NotificationPlace } from '../matrix/push-rules/notification-place.ts';
import type { OwnRules, PushAction } from '../matrix/push-rules/ruleset.ts';

/** What of a user's own settings decides what they are notified of. */
export interface PushSettings {
  readonly ignoredUsers: readonly UserId[];
  /** `undefined`: they changed none. */
  readonly pushRules?: OwnRules;
}

export interface MovedRoom {
  readonly roomId: RoomId;
  /** When the shard last heard of it, in milliseconds since the epoch. */
  readonly movedTs: number;
}

/** The shard of the user who asks. */
export interface NotificationShard {
  /** The rooms that the user is joined or invited to, who moved last first; at most `limit`. */
  notificationRooms(query: {
    readonly userId: UserId;
    readonly limit: number;
  }): Promise<PushSettings & { readonly rooms: readonly MovedRoom[] }>;
}

export interface RoomNotification {
  readonly place: NotificationPlace;
  readonly actions: readonly PushAction[];
  readonly event: object;
  readonly read: boolean;
}

/** The rooms, each through its object. */
export interface NotificationRooms {
  readNotifications(query: {
    readonly roomId: RoomId;
    readonly userId: UserId;
    readonly scope: string;
    readonly after?: NotificationPlace;
    readonly limit: number;
    readonly onlyHighlights: boolean;
    readonly ignoredUsers: readonly UserId[];
    readonly pushRules?: OwnRules;
  }): Promise<{
    readonly notifications: readonly RoomNotification[];
    /** Where the search ended; `undefined`: there is nothing more behind it. */
    readonly reached: NotificationPlace | undefined;
  }>;
}
