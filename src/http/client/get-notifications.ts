// GET /_matrix/client/v3/notifications (Client-Server API, "Listing Notifications")
import { Hono } from 'hono';

import { invalidParam } from '../../matrix/error.ts';
import { formatNotificationToken, listNotifications, parseNotificationToken } from '../../push/list-notifications.ts';
import type { NotificationRooms, NotificationShard } from '../../push/ports.ts';
import type { RequireUser } from './from-user.ts';
import { limitParam } from './limit-param.ts';

export interface NotificationRouteDeps {
  readonly requireUser: RequireUser;
  readonly shard: (shard: string) => NotificationShard;
  readonly rooms: NotificationRooms;
}

export const getNotifications = ({ requireUser, shard, rooms }: NotificationRouteDeps) =>
  new Hono().get('/_matrix/client/v3/notifications', requireUser, async (c) => {
    const { userId, deviceId, shard: name } = c.var.requester;
    const { from, limit, only } = c.req.query();
    const after = from === undefined || from === '' ? undefined : parseNotificationToken(from);
    if (from !== undefined && from !== '' && after === undefined) throw invalidParam('from is no token of ours');
    const page = await listNotifications(
      { shard: shard(name), rooms },
      {
        userId,
        deviceId,
        after,
        limit: limitParam(limit, { min: 1, max: 100, usual: 20 }),
        onlyHighlights: only === 'highlight',
      },
    );
    return c.json({
      notifications: page.notifications.map(({ place, actions, event, read }) => ({
        room_id: place.roomId,
        ts: place.ts,
        actions,
        event,
        read,
      })),
      ...(page.next === undefined ? {} : { next_token: formatNotificationToken(page.next) }),
    });
  });
