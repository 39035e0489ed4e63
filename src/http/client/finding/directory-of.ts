import type { Context } from 'hono';

import { parseServerName } from '../../../matrix/ids/server-name.ts';
import { invalidParam } from '../../../matrix/error.ts';
import type { DirectoryPage, DirectoryQuery } from '../../../rooms/finding/ports.ts';
import { remoteRooms } from '../../../rooms/finding/published-rooms.ts';
import type { FindingDeps } from './deps.ts';

/** The other server whose directory is asked for; `undefined` for our own. Throws `M_INVALID_PARAM`. */
export function otherServer({ serverName }: Pick<FindingDeps, 'serverName'>, c: Context) {
  const text = c.req.query('server');
  if (text === undefined || text === '' || text === serverName) return undefined;
  const server = parseServerName(text);
  if (!server.ok) throw invalidParam('server is no server name');
  return server.value;
}

/** The directory that a request names. */
export function directoryOf(
  deps: Pick<FindingDeps, 'serverName' | 'localRooms' | 'remote'>,
  c: Context,
  query: DirectoryQuery,
): Promise<DirectoryPage> {
  const server = otherServer(deps, c);
  return server === undefined ? deps.localRooms(query) : remoteRooms(deps.remote, server, query);
}
