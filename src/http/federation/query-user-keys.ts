// POST /_matrix/federation/v1/user/keys/query (Server-Server API, "End-to-End Encryption")
import { Hono } from 'hono';
import * as v from 'valibot';

import { deviceKeysField, signingKeysField } from '../../device-keys/key-answers.ts';
import { queryLocalKeys } from '../../device-keys/local-keys.ts';
import { DeviceKeysQuery, keyQueries } from '../device-keys-body.ts';
import { validated } from '../middleware/json-body.ts';
import type { FederationKeyRoutes } from './keys-router.ts';
import { localUsers } from './local-users.ts';

const Body = v.object({ device_keys: DeviceKeysQuery });

export const queryUserKeys = ({ requireServer, serverName, local, sharesNames }: FederationKeyRoutes) =>
  new Hono().post('/_matrix/federation/v1/user/keys/query', requireServer, async (c) => {
    const { device_keys: asked } = validated(Body, c.var.body ?? {});
    const found = await queryLocalKeys(local, localUsers(keyQueries(asked), serverName), c.var.requester.origin);
    return c.json({
      device_keys: deviceKeysField(found, await sharesNames()),
      master_keys: signingKeysField(found, 'master'),
      self_signing_keys: signingKeysField(found, 'self_signing'),
    });
  });
