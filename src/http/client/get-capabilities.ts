// GET /_matrix/client/v3/capabilities (Client-Server API, "Capabilities negotiation")
import { Hono } from 'hono';

import { supportedRoomVersions } from '../../matrix/room-versions/versions.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';

export const getCapabilities = (deps: AccountRouteDeps) =>
  new Hono().get('/_matrix/client/v3/capabilities', deps.requireUser, async (c) =>
    c.json({
      capabilities: {
        'm.room_versions': {
          default: await deps.defaultRoomVersion(),
          available: Object.fromEntries(supportedRoomVersions.map((version) => [version, 'stable'])),
        },
        'm.change_password': { enabled: true },
        'm.get_login_token': { enabled: true },
        'm.profile_fields': { enabled: true },
        'm.set_displayname': { enabled: true },
        'm.set_avatar_url': { enabled: true },
        'm.3pid_changes': { enabled: false },
        'm.forget_forced_upon_leave': { enabled: false },
        ...(c.var.requester.isAdmin ? { 'm.account_moderation': { lock: true, suspend: true } } : {}),
      },
    }),
  );
