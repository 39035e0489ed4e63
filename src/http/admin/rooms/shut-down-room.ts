// POST /_eyrie/admin/v1/rooms/{roomId}/shutdown
import { Hono } from 'hono';
import * as v from 'valibot';

import { invalidParam } from '../../../matrix/error.ts';
import { parseUserId } from '../../../matrix/ids/user-id.ts';
import { shutDownRoom as shutDown } from '../../../rooms/shutdown/shut-down-room.ts';
import { jsonBody } from '../../middleware/json-body.ts';
import { administeredRoom, type AdminRoomDeps } from './administered-room.ts';
import { shutdownAnswer } from './shutdown-answer.ts';

const Body = v.strictObject({
  notice: v.optional(
    v.strictObject({
      message: v.pipe(v.string(), v.nonEmpty(), v.maxLength(10_000)),
      name: v.optional(v.pipe(v.string(), v.nonEmpty(), v.maxLength(255)), 'A room was closed'),
      user_id: v.optional(v.string()),
    }),
  ),
});

/**
 * Closes a room to the users of this server; answered when nobody can come in any more, while who is in it leaves by and
 * by. The notice is by the administrator unless `user_id` is another user of ours.
 */
export const shutDownRoom = ({ requireAdmin, registry, rooms, shutdowns, audit, now }: AdminRoomDeps) =>
  new Hono().post('/_eyrie/admin/v1/rooms/:roomId/shutdown', ...requireAdmin, jsonBody(Body), async (c) => {
    const roomId = await administeredRoom(registry, c.req.param('roomId'));
    const { userId: by } = c.var.requester;
    const { notice } = c.req.valid('json');
    const author = parseUserId(notice?.user_id ?? by);
    if (!author.ok) throw invalidParam(`user_id is ${author.reason}`);
    await shutDown(shutdowns, {
      roomId,
      by,
      ...(notice === undefined ? {} : { notice: { ...notice, userId: author.value } }),
    });
    await audit.write({ ts: now(), by, action: 'shutdown_room', detail: { room_id: roomId } });
    const { shutdown } = await rooms.status({ roomId });
    return c.json(shutdown === undefined ? {} : shutdownAnswer(shutdown));
  });
