import { invalidParam } from '../../../matrix/error.ts';
import { parseServerName } from '../../../matrix/ids/server-name.ts';
import type { MediaFilter } from '../../../media/administer.ts';
import { userIdOf } from '../../client/path-ids.ts';

export interface GivenFilter {
  readonly user_id?: string | undefined;
  readonly server?: string | undefined;
  readonly remote?: boolean | undefined;
  readonly accessed_before_ts?: number | undefined;
}

/** Throws `M_INVALID_PARAM`. */
export function mediaFilter(given: GivenFilter): MediaFilter {
  const server = given.server === undefined ? undefined : parseServerName(given.server);
  if (server?.ok === false) throw invalidParam(`server is ${server.reason}`);
  return {
    ...(given.user_id === undefined ? {} : { userId: userIdOf(given.user_id) }),
    ...(server === undefined ? {} : { server: server.value }),
    ...(given.accessed_before_ts === undefined ? {} : { accessedBeforeTs: given.accessed_before_ts }),
    isRemote: given.remote === true,
  };
}
