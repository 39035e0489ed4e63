// GET /_eyrie/admin/v1/destinations
import { Hono } from 'hono';

import { limitParam } from '../../client/limit-param.ts';
import { destinationAnswer, type AdminDestinationDeps } from './destination-answer.ts';

/** By name, with how each stands; `from` is what the page before gave as `next`, `search` a part of the name. */
export const listDestinations = ({ requireAdmin, list, destinations, now }: AdminDestinationDeps) =>
  new Hono().get('/_eyrie/admin/v1/destinations', ...requireAdmin, async (c) => {
    // Each of them is an object that is asked.
    const limit = limitParam(c.req.query('limit'), { min: 1, max: 100, usual: 50 });
    const search = c.req.query('search')?.toLowerCase();
    const listed = await list.page({ search, after: c.req.query('from'), limit });
    const standings = await Promise.all(
      listed.map(({ server }) => destinations.standing(server, 0).catch(() => undefined)),
    );
    const last = listed.at(-1);
    return c.json({
      destinations: listed.map((each, index) => destinationAnswer(each, standings[index], now())),
      ...(last === undefined || listed.length < limit ? {} : { next: last.server }),
    });
  });
