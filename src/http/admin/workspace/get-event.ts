// GET /_eyrie/admin/v1/events/{eventId}
import { Hono } from 'hono';

import { soughtEvent, wordOf } from './seen-event.ts';
import type { WorkspaceDeps } from './workspace-deps.ts';

/** An event whatever became of it, and why. The text of the event is passed on as it is: JSON of its own numbers. */
export const getEvent = (deps: WorkspaceDeps) =>
  new Hono().get('/_eyrie/admin/v1/events/:eventId', ...deps.requireWorkspace, async (c) => {
    const format = wordOf('format', c.req.query('format'), ['client', 'pdu']);
    const sought = await soughtEvent(deps, c.var.reach, c.req.param('eventId'), c.req.query('room_id'), true);
    const { event, roomVersion, status, reason, receivedTs } = await deps.rooms.inspectEvent({ ...sought, format });
    const told = {
      event_id: sought.eventId,
      room_id: sought.roomId,
      room_version: roomVersion,
      status,
      ...(reason === undefined ? {} : { reason }),
      received_ts: receivedTs,
    };
    return c.body(`${JSON.stringify(told).slice(0, -1)},"event":${event}}`, 200, {
      'content-type': 'application/json',
    });
  });
