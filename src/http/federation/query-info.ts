// GET /_matrix/federation/v1/query/{queryType} (Server-Server API, "Querying for information")
import { Hono, type Handler } from 'hono';

import { unrecognized } from '../../matrix/error.ts';
import { queryProfile } from './query-profile.ts';
import { queryRoomDirectory } from './query-room-directory.ts';
import type { FederationRoomDeps } from './room-routes-deps.ts';

/** One route for all types: the router takes no path that another could be taken for. */
export const queryInfo = (deps: FederationRoomDeps) => {
  const types: Readonly<Record<string, Handler>> = {
    profile: queryProfile(deps),
    directory: queryRoomDirectory(deps),
  };
  return new Hono().get('/_matrix/federation/v1/query/:queryType', deps.requireServer, (c, next) => {
    const type = c.req.param('queryType');
    const answer = Object.hasOwn(types, type) ? types[type] : undefined;
    if (answer === undefined) throw unrecognized('There is no such type of query');
    return answer(c, next);
  });
};
