// GET /_eyrie/admin/v1/destinations/{server}
import { Hono } from 'hono';

import {
  administeredDestination,
  destinationAnswer,
  MAX_REFUSED,
  refusedAnswer,
  type AdminDestinationDeps,
} from './destination-answer.ts';

/** How sending to one server stands, and the newest events that it refuses, with its reasons. */
export const getDestination = ({ requireAdmin, list, destinations, now }: AdminDestinationDeps) =>
  new Hono().get('/_eyrie/admin/v1/destinations/:server', ...requireAdmin, async (c) => {
    const listed = await administeredDestination(list, c.req.param('server'));
    const standing = await destinations.standing(listed.server, MAX_REFUSED);
    return c.json({ ...destinationAnswer(listed, standing, now()), refused: refusedAnswer(standing) });
  });
