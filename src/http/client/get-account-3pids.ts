// GET /_matrix/client/v3/account/3pid (Client-Server API, "Adding Account Administrative Contact Information")
import { Hono } from 'hono';

import type { AccountRouteDeps } from './accounts-deps.ts';

/** No account has a third-party identifier here; clients ask when they show an account's settings. */
export const getAccount3pids = ({ requireUser }: Pick<AccountRouteDeps, 'requireUser'>) =>
  new Hono().get('/_matrix/client/v3/account/3pid', requireUser, (c) => c.json({ threepids: [] }));
