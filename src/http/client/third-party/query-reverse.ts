// GET /_matrix/client/v3/thirdparty/location, /thirdparty/user (Client-Server API, "Third-party Lookup")
import { Hono } from 'hono';

import { lookUpReverse } from '../../../appservice/asking/third-party.ts';
import { invalidParam, missingParam } from '../../../matrix/error.ts';
import { parseUserId } from '../../../matrix/ids/user-id.ts';
import { roomAliasOf } from '../path-ids.ts';
import type { ThirdPartyDeps } from './router.ts';

export const queryReverse = ({ requireUser, asking }: ThirdPartyDeps) =>
  new Hono()
    .get('/_matrix/client/v3/thirdparty/location', requireUser, async (c) => {
      const alias = c.req.query('alias');
      if (alias === undefined) throw missingParam('Missing: alias');
      return c.json(await lookUpReverse(asking, 'location', roomAliasOf(alias)));
    })
    .get('/_matrix/client/v3/thirdparty/user', requireUser, async (c) => {
      const userId = c.req.query('userid');
      if (userId === undefined) throw missingParam('Missing: userid');
      if (!parseUserId(userId).ok) throw invalidParam('userid is not a user ID');
      return c.json(await lookUpReverse(asking, 'user', userId));
    });
