// POST /_eyrie/admin/v1/destinations/{server}/retry
import { Hono } from 'hono';

import { administeredDestination, destinationAnswer, type AdminDestinationDeps } from './destination-answer.ts';

/**
 * Has what waits for a server tried at once, unless the server said how long to wait. Answers how it stands with the try
 * under way; what comes of it is seen later.
 */
export const retryDestination = ({ requireAdmin, list, destinations, audit, now }: AdminDestinationDeps) =>
  new Hono().post('/_eyrie/admin/v1/destinations/:server/retry', ...requireAdmin, async (c) => {
    const listed = await administeredDestination(list, c.req.param('server'));
    await destinations.wake(listed.server);
    const detail = { server: listed.server };
    await audit.write({ ts: now(), by: c.var.requester.userId, action: 'retry_destination', detail });
    return c.json(destinationAnswer(listed, await destinations.standing(listed.server, 0), now()));
  });
