import type { Hono } from 'hono';

import type { AccountsDeps } from '../accounts/ports.ts';
import type { Config, Env } from '../config.ts';
import { appserviceClient } from '../durable/appservice/client.ts';
import type { Appservices } from '../appservice/appservices.ts';
import type { AskingDeps } from '../appservice/asking/ports.ts';
import type { Federation } from '../durable/federation.ts';
import { objectStubs } from '../durable/objects.ts';
import type { RoomClient } from '../durable/room/client.ts';
import { connectAppservice } from '../http/admin/appservices/connect-appservice.ts';
import { adminPingAppservice } from '../http/admin/appservices/ping-appservice.ts';
import { adminAppserviceRoutes } from '../http/admin/appservices/router.ts';
import { adminDestinationRoutes } from '../http/admin/destinations/router.ts';
import { adminMediaRoutes } from '../http/admin/media/router.ts';
import { adminRoomRoutes } from '../http/admin/rooms/router.ts';
import { selfTest } from '../http/admin/self-test.ts';
import { importAppservice } from '../http/launcher/import-appservice.ts';
import { noteRefusedRegistrations } from '../http/launcher/note-refused-registrations.ts';
import type { RequireAdmin } from '../http/middleware/require-admin.ts';
import { auditWriter } from '../storage/d1/audit-log.ts';
import { destinationList } from '../storage/d1/destination-list.ts';
import { refusedRegistrations } from '../storage/d1/refused-registrations.ts';
import { roomList } from '../storage/d1/room-list.ts';
import { appserviceAdministration } from './appservices.ts';
import { connectingOf, type ConnectingParts } from './connecting.ts';
import { claimedStatesOf } from './claimed-states.ts';
import type { mediaOf } from './media.ts';
import type { RoomsWiring } from './rooms.ts';
import { selfTestDeps } from './self-test.ts';

interface Parts extends Omit<ConnectingParts, 'administer'> {
  readonly requireAdmin: RequireAdmin;
  readonly accounts: AccountsDeps;
  readonly appservices: Appservices;
  readonly asking: AskingDeps;
  readonly media: ReturnType<typeof mediaOf>;
  readonly wiring: RoomsWiring;
  readonly rooms: RoomClient;
  readonly federation: Federation;
}

/** The administrator's endpoints about application services, files, other servers and their users, and rooms. */
export function adminThingRoutes(env: Env, config: Config, parts: Parts): readonly Hono[] {
  const { requireAdmin, media, wiring, rooms, federation } = parts;
  const administer = appserviceAdministration(env, config, parts);
  const connecting = { ...connectingOf(config, { ...parts, administer }), requireAdmin };
  const queue = appserviceClient(objectStubs(env, config));
  const refused = refusedRegistrations(env.DB);
  return [
    ...(config.frontSecret === undefined
      ? []
      : [importAppservice(config.frontSecret, administer), noteRefusedRegistrations(config.frontSecret, refused)]),
    adminAppserviceRoutes({ requireAdmin, administer, queue, audit: auditWriter(env.DB), refused }),
    connectAppservice(connecting),
    adminPingAppservice({ ...connecting, retry: (id) => queue.retry(id) }),
    adminMediaRoutes({ requireAdmin, administer: media.administer }),
    selfTest({
      requireAdmin,
      ...selfTestDeps(env, config, {
        federation,
        rooms,
        list: roomList(env.DB),
        appservices: parts.appservices,
        ask: parts.asking.ask,
      }),
    }),
    adminDestinationRoutes({
      requireAdmin,
      list: destinationList(env.DB),
      destinations: federation.destinations,
      audit: auditWriter(env.DB),
      now: Date.now,
    }),
    adminRoomRoutes({
      requireAdmin,
      serverName: config.serverName,
      registry: wiring.rooms.registry,
      list: roomList(env.DB),
      rooms,
      shutdowns: { rooms: wiring.rooms, room: rooms },
      audit: auditWriter(env.DB),
      now: Date.now,
      claimedStates: claimedStatesOf(federation),
    }),
  ];
}
