// GET /_matrix/federation/v1/user/devices/{userId} (Server-Server API, "Device Management")
import { Hono } from 'hono';

import { queryLocalKeys } from '../../device-keys/local-keys.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { FederationKeyRoutes } from './keys-router.ts';
import { localUsers } from './local-users.ts';
import { userIdIn } from './request-ids.ts';

/** The devices that have published keys. Their names, which users give them for themselves, stay here by default. */
export const getUserDevices = ({ requireServer, serverName, local, sharesNames }: FederationKeyRoutes) =>
  new Hono().get('/_matrix/federation/v1/user/devices/:userId', requireServer, async (c) => {
    const userId = userIdIn(c.req.param('userId'));
    const [found] = await queryLocalKeys(
      local,
      localUsers([{ userId, deviceIds: [] }], serverName),
      c.var.requester.origin,
    );
    const showsNames = await sharesNames();
    const { master, self_signing: selfSigning } = found?.signingKeys ?? {};
    return c.json({
      user_id: userId,
      stream_id: found?.streamId ?? 0,
      devices: (found?.devices ?? []).map(({ deviceId, json, displayName }) => ({
        device_id: deviceId,
        keys: JSON.parse(json) as JsonObject,
        ...(showsNames && displayName !== undefined ? { device_display_name: displayName } : {}),
      })),
      ...(master === undefined ? {} : { master_key: JSON.parse(master) as JsonObject }),
      ...(selfSigning === undefined ? {} : { self_signing_key: JSON.parse(selfSigning) as JsonObject }),
    });
  });
