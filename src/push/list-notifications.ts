import { parseRoomId } from '../matrix/ids/room-id.ts';
import type { UserId } from '../matrix/ids/brands.ts';
import { comparePlaces, type NotificationPlace } from '../matrix/push-rules/notification-place.ts';
import { rulesInRoom } from '../matrix/push-rules/rules-in-room.ts';
import type { MovedRoom, NotificationRooms, NotificationShard, PushSettings, RoomNotification } from './ports.ts';

export interface NotificationsInput {
  readonly userId: UserId;
  readonly deviceId: string;
  readonly after: NotificationPlace | undefined;
  readonly limit: number;
  readonly onlyHighlights: boolean;
}

export interface Notifications {
  /** The newest first. */
  readonly notifications: readonly RoomNotification[];
  /** Where the next page begins; `undefined`: there is none. */
  readonly next: NotificationPlace | undefined;
}

/** Rooms that are looked into: those that moved last. */
const MAX_ROOMS = 256;
/** Rooms that are asked at a time. */
const ROOMS_AT_ONCE = 32;

/**
 * A page of what the user was notified of in all rooms. Rooms are asked in the order in which they last moved, until
 * those that are left can hold nothing that belongs into the page.
 * Source: Client-Server API, "Listing Notifications".
 */
export async function listNotifications(
  deps: { readonly shard: NotificationShard; readonly rooms: NotificationRooms },
  input: NotificationsInput,
): Promise<Notifications> {
  const { rooms, ...settings } = await deps.shard.notificationRooms({ userId: input.userId, limit: MAX_ROOMS });
  const found: RoomNotification[] = [];
  /** What stands behind it was not looked for everywhere. */
  let end: NotificationPlace | undefined;
  for (let at = 0; at < rooms.length; at += ROOMS_AT_ONCE) {
    if (isFull(found, input.limit, rooms[at])) break;
    const batch = rooms.slice(at, at + ROOMS_AT_ONCE);
    for (const answer of await Promise.all(batch.map((room) => readRoom(deps.rooms, input, room, settings)))) {
      found.push(...answer.notifications);
      if (answer.reached !== undefined && (end === undefined || comparePlaces(answer.reached, end) < 0)) {
        end = answer.reached;
      }
    }
    found.sort((a, b) => comparePlaces(a.place, b.place));
  }
  const known = found.filter(({ place }) => end === undefined || comparePlaces(place, end) <= 0);
  const notifications = known.slice(0, input.limit);
  return { notifications, next: known.length > input.limit ? notifications.at(-1)?.place : end };
}

/** Whether the page is full of what is newer than anything in a room, and in those that moved before it. */
function isFull(found: readonly RoomNotification[], limit: number, room: MovedRoom | undefined): boolean {
  const last = found[limit];
  return last !== undefined && room !== undefined && last.place.ts > room.movedTs;
}

function readRoom(
  rooms: NotificationRooms,
  { userId, deviceId, after, limit, onlyHighlights }: NotificationsInput,
  { roomId }: MovedRoom,
  { ignoredUsers, pushRules }: PushSettings,
) {
  const rules = pushRules === undefined ? undefined : rulesInRoom(pushRules, roomId);
  return rooms.readNotifications({
    roomId,
    userId,
    scope: `${userId}/${deviceId}`,
    ...(after === undefined ? {} : { after }),
    limit: limit + 1,
    onlyHighlights,
    ignoredUsers,
    ...(rules === undefined ? {} : { pushRules: rules }),
  });
}

const TOKEN = /^n(\d{1,15})_(\d{1,15})_(.+)$/;

/** @returns `undefined` for what is no token of ours. */
export function parseNotificationToken(text: string): NotificationPlace | undefined {
  const [, ts, anchor, room = ''] = TOKEN.exec(text) ?? [];
  const roomId = parseRoomId(room);
  return roomId.ok ? { ts: Number(ts), anchor: Number(anchor), roomId: roomId.value } : undefined;
}

export const formatNotificationToken = ({ ts, anchor, roomId }: NotificationPlace): string =>
  `n${ts}_${anchor}_${roomId}`;
