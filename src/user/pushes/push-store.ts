import type { EventId, RoomId, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { PushAction } from '../../matrix/push-rules/ruleset.ts';

export interface PusherKey {
  readonly userId: UserId;
  readonly appId: string;
  readonly pushkey: string;
}

/** What a client says of a pusher. Source: Client-Server API, `POST /pushers/set`. */
export interface PusherFields {
  readonly kind: 'http';
  readonly app_display_name: string;
  readonly device_display_name: string;
  readonly profile_tag?: string;
  readonly lang: string;
  readonly data: JsonObject & { readonly url: string };
}

export interface Pusher extends PusherKey {
  readonly deviceId: string;
  readonly fields: PusherFields;
  /** Milliseconds since the epoch. */
  readonly setTs: number;
  /** Failed tries in a row. */
  readonly attempts: number;
}

/** An event that a user is told of. */
export interface Push {
  readonly eventId: EventId;
  readonly roomId: RoomId;
  readonly type: string;
  readonly sender: UserId;
  readonly actions: readonly PushAction[];
  readonly isTarget: boolean;
  readonly senderName?: string;
  readonly roomName?: string;
  readonly roomAlias?: string;
  /** Left out where it is long. */
  readonly content?: JsonObject;
}

export interface WaitingPush {
  readonly id: number;
  /** Milliseconds since the epoch. */
  readonly ts: number;
  /** `undefined`: only the number of what is unread. */
  readonly push: Push | undefined;
}

export interface PushRoom {
  readonly roomId: RoomId;
  readonly from: number;
  readonly attempts: number;
}

/** The pushers of a shard's users and what waits for them. Synchronous. */
export interface PushStore {
  pushers(userId: UserId): readonly Pusher[];
  putPusher(pusher: Pusher): void;
  /** With what waits for it. */
  removePusher(key: PusherKey): void;
  /** Those that a device made. */
  removePushersOf(userId: UserId, deviceId: string): void;
  /** Of other users of the shard, at the same place. */
  removeOthers(key: PusherKey): void;
  /** Users who have a pusher. */
  users(): readonly UserId[];
  /** Those of {@link users} who are joined to a room, or invited to it. */
  usersIn(roomId: RoomId): readonly UserId[];
  /** A room moved beyond a position; what was noted before stays. */
  noteRoom(roomId: RoomId, from: number): void;
  roomsDue(now: number, limit: number): readonly PushRoom[];
  /** It was looked at up to `to`; it is done where that is all there is of it. */
  roomLookedAt(roomId: RoomId, to: number): void;
  postponeRoom(roomId: RoomId, at: number): void;
  dropRoom(roomId: RoomId): void;
  /** What a user has unread in a room. @returns whether that is news. */
  setUnread(userId: UserId, roomId: RoomId, unread: number): boolean;
  /** In all rooms. */
  unread(userId: UserId): number;
  /** Keeps the newest `keep` of the pusher. A push without an event is added only where none is the last already. */
  addPush(key: PusherKey, push: Push | undefined, now: number, keep: number): void;
  /** Pushers for which something waits and may be tried. */
  pushersDue(now: number, limit: number): readonly Pusher[];
  firstPush(key: PusherKey): WaitingPush | undefined;
  removePush(id: number): void;
  setTries(key: PusherKey, attempts: number, nextTry: number): void;
  /** When the first of what is not due yet will be, in milliseconds since the epoch. */
  nextAfter(now: number): number | undefined;
}
