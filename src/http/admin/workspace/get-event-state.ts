// GET /_eyrie/admin/v1/events/{eventId}/state
import { Hono } from 'hono';

import { soughtEvent, wordOf } from './seen-event.ts';
import type { WorkspaceDeps } from './workspace-deps.ts';

/** The state of a room before or after an event, whole or of one type or key. It is made while it is read. */
export const getEventState = (deps: WorkspaceDeps) =>
  new Hono().get('/_eyrie/admin/v1/events/:eventId/state', ...deps.requireWorkspace, async (c) => {
    const at = wordOf('at', c.req.query('at'), ['before', 'after']);
    const sought = await soughtEvent(deps, c.var.reach, c.req.param('eventId'), c.req.query('room_id'));
    const state = await deps.rooms.stateAround({
      ...sought,
      at,
      type: c.req.query('type'),
      stateKey: c.req.query('state_key'),
    });
    return c.body(state, 200, { 'content-type': 'application/json' });
  });
