// POST /_matrix/client/v3/rooms/{roomId}/receipt/{receiptType}/{eventId} (Client-Server API, "Receipts")
import { Hono } from 'hono';
import * as v from 'valibot';

import { invalidParam } from '../../matrix/error.ts';
import { jsonBody } from '../middleware/json-body.ts';
import { eventIdOf, knownRoomId } from './path-ids.ts';
import { mark, type MarkerType } from './read-marker.ts';
import type { RoomRoutesDeps } from './room-routes-deps.ts';

const Body = v.object({ thread_id: v.optional(v.unknown()) });

type Deps = Pick<RoomRoutesDeps, 'requireUser' | 'rooms' | 'room' | 'shard' | 'now'>;

export const postReceipt = (deps: Deps) =>
  new Hono().post(
    '/_matrix/client/v3/rooms/:roomId/receipt/:receiptType/:eventId',
    deps.requireUser,
    jsonBody(Body),
    async (c) => {
      const type = markerType(c.req.param('receiptType'));
      const threadId = threadOf(type, c.req.valid('json').thread_id);
      const eventId = eventIdOf(c.req.param('eventId'));
      const roomId = await knownRoomId(deps.rooms.registry, c.req.param('roomId'));
      await mark(deps, c.var.requester, { roomId, type, threadId, eventId });
      return c.json({});
    },
  );

function markerType(text: string): MarkerType {
  if (text === 'm.read' || text === 'm.read.private' || text === 'm.fully_read') return text;
  throw invalidParam('There is no such type of receipt');
}

function threadOf(type: MarkerType, value: unknown): string {
  if (value === undefined) return '';
  if (typeof value !== 'string' || value === '') throw invalidParam('thread_id must be a non-empty string');
  if (type === 'm.fully_read') throw invalidParam('A fully-read marker has no thread_id');
  return value === 'main' ? value : eventIdOf(value);
}
