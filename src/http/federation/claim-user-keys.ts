// POST /_matrix/federation/v1/user/keys/claim (Server-Server API, "End-to-End Encryption")
import { Hono } from 'hono';
import * as v from 'valibot';

import { oneTimeKeysField } from '../../device-keys/key-answers.ts';
import { claimLocalKeys } from '../../device-keys/local-keys.ts';
import { keyClaims, OneTimeKeysClaim } from '../device-keys-body.ts';
import { validated } from '../middleware/json-body.ts';
import type { FederationKeyRoutes } from './keys-router.ts';
import { localUsers } from './local-users.ts';

const Body = v.object({ one_time_keys: OneTimeKeysClaim });

export const claimUserKeys = ({ requireServer, serverName, local }: FederationKeyRoutes) =>
  new Hono().post('/_matrix/federation/v1/user/keys/claim', requireServer, async (c) => {
    const { one_time_keys: asked } = validated(Body, c.var.body ?? {});
    const claimed = await claimLocalKeys(local, localUsers(keyClaims(asked), serverName));
    return c.json({ one_time_keys: oneTimeKeysField(claimed) });
  });
