// GET /_matrix/client/v3/publicRooms (Client-Server API, "Published room directory")
import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';

import { directoryQueryIn } from '../../directory-query.ts';
import type { FromUser } from '../from-user.ts';
import type { FindingDeps } from './deps.ts';
import { directoryOf, otherServer } from './directory-of.ts';

type Deps = Pick<FindingDeps, 'serverName' | 'requireUser' | 'localRooms' | 'remote'>;

/**
 * Our own directory is open to everybody.
 * NOTSPEC: another server's is for users only: nobody who is unknown here makes us speak to others.
 */
export const getPublicRooms = (deps: Deps) =>
  new Hono().get('/_matrix/client/v3/publicRooms', usersToOthers(deps), async (c) =>
    c.json(
      await directoryOf(
        deps,
        c,
        directoryQueryIn((name) => c.req.query(name)),
      ),
    ),
  );

const usersToOthers = (deps: Deps) =>
  createMiddleware<FromUser>(async (c, next) =>
    otherServer(deps, c) === undefined ? next() : deps.requireUser(c, next),
  );
