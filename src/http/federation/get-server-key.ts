// GET /_matrix/key/v2/server (Server-Server API, "Publishing Keys")
import { Hono } from 'hono';

import { publishServerKeys, type OwnKeys } from '../../federation/own-keys.ts';
import type { ServerName } from '../../matrix/ids/brands.ts';
import { canonicalJson } from '../../matrix/json/canonical-json.ts';

/** Open to everybody, also while federation is off: other servers check our old events with these keys. */
export const getServerKey = (serverName: ServerName, keys: OwnKeys, now: () => number) =>
  new Hono().get('/_matrix/key/v2/server', async (c) =>
    c.body(canonicalJson(publishServerKeys(serverName, await keys.published(), now())), 200, {
      'Content-Type': 'application/json',
    }),
  );
