import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { every } from 'hono/combine';
import { RegExpRouter } from 'hono/router/reg-exp-router';

import { readConfig, type Config, type Env } from './config.ts';
import { actingAs } from './durable/acting.ts';
import { appservicesOf } from './durable/appservices.ts';
import { federationOf } from './durable/federation.ts';
import { objectStubs } from './durable/objects.ts';
import { roomClient } from './durable/room/client.ts';
import { settingsOf } from './durable/settings.ts';
import { shardClient } from './durable/user/client.ts';
import { getOpenApi } from './http/admin/get-openapi.ts';
import { adminRoutes } from './http/admin/router.ts';
import { adminUserRoutes } from './http/admin/users/router.ts';
import { accountRoutes } from './http/client/accounts-router.ts';
import { storedFilter } from './http/client/filter.ts';
import { getKeysChanges } from './http/client/get-keys-changes.ts';
import { getEvents } from './http/client/get-events.ts';
import { getNotifications } from './http/client/get-notifications.ts';
import { getPushers } from './http/client/get-pushers.ts';
import { getVersions } from './http/client/get-versions.ts';
import { initialSync } from './http/client/initial-sync.ts';
import { reportingRoutes } from './http/client/report-router.ts';
import { findingRoutes } from './http/client/finding/router.ts';
import { roomRoutes } from './http/client/rooms-router.ts';
import { setPusher } from './http/client/set-pusher.ts';
import { slidingSync } from './http/client/sliding-sync.ts';
import { sync, type SyncRouteDeps } from './http/client/sync.ts';
import { federationFindingRoutes } from './http/federation/finding/router.ts';
import { federationRoomRoutes } from './http/federation/rooms-router.ts';
import { federationMediaRoutes } from './http/federation/media-router.ts';
import { federationKeyRoutes } from './http/federation/keys-router.ts';
import { SERVER } from './http/federation/get-version.ts';
import { federationRoutes } from './http/federation/router.ts';
import { mediaRoutes } from './http/media/router.ts';
import { oauthRoutes } from './http/oauth/router.ts';
import { clientAddress } from './http/client-address.ts';
import { knownPaths } from './http/known-paths.ts';
import { askingAppservice } from './http/middleware/asking-appservice.ts';
import { assertedIdentity } from './http/middleware/asserted-identity.ts';
import { errorAnswer } from './http/error-answer.ts';
import { drainBody } from './http/middleware/drain-body.ts';
import { fromFront } from './http/middleware/from-front.ts';
import { noteActivity } from './http/middleware/note-activity.ts';
import { createLimits } from './http/middleware/rate-limit.ts';
import { requireAdmin } from './http/middleware/require-admin.ts';
import { requireFederation, requireServer } from './http/middleware/require-server.ts';
import { requireUser } from './http/middleware/require-user.ts';
import { isPrivateUrl } from './federation/private-address.ts';
import { wellKnownRoutes } from './http/well-known/router.ts';
import { MatrixError, internalError, methodNotAllowed, unavailable, unrecognized } from './matrix/error.ts';
import type { UserId } from './matrix/ids/brands.ts';
import { requestFailed } from './observability/events.ts';
import { pushkeyRepository } from './storage/d1/pushkey-repository.ts';
import { auditLog } from './storage/d1/audit-log.ts';
import { accountAdministration } from './storage/d1/account-administration.ts';
import { reportRepository } from './storage/d1/report-repository.ts';
import { tokenRepository } from './storage/d1/token-repository.ts';
import { tokenHash } from './user/devices/sessions.ts';
import { accountsOf, oauthOf, sharedSecretOf } from './wiring/accounts.ts';
import { adminThingRoutes } from './wiring/admin-things.ts';
import { appserviceRoutes, askingOf, callNotices } from './wiring/appservices.ts';
import { afterRestore } from './wiring/after-restore.ts';
import { afterSettings } from './wiring/after-settings.ts';
import { deviceListReader } from './wiring/device-lists.ts';
import { deviceKeysOf } from './wiring/device-keys.ts';
import { remoteLists } from './wiring/remote-lists.ts';
import { federationRoomDeps } from './wiring/federation-rooms.ts';
import { mediaOf } from './wiring/media.ts';
import { oauthPagesOf } from './wiring/oauth-pages.ts';
import { policedRooms } from './wiring/policed-rooms.ts';
import { findingDeps } from './wiring/finding.ts';
import { remoteProfile } from './wiring/remote-profile.ts';
import { roomRoutesDeps } from './wiring/room-routes.ts';
import { roomsOf } from './wiring/rooms.ts';
import { slidingRooms, slidingShard } from './wiring/sliding-sync.ts';
import { syncShard } from './wiring/sync-shard.ts';
import { workspaceRoutesOf } from './wiring/workspace.ts';

/** Composes the Worker: here ports meet their implementations. */
export function createApp(env: Env): Hono {
  const config = readConfig(env);
  const parts = partsOf(env, config);
  // The fastest; it refuses paths of which one could be taken for another, and Hono would fall back to a slow one.
  const app = new Hono({ router: new RegExpRouter() });
  app.use(fromFront(config.frontSecret));
  if (config.frontSecret !== undefined) app.use(drainBody());
  // Client-Server API, "Web Browser Clients".
  app.use(
    '/_matrix/*',
    cors({
      origin: '*',
      allowMethods: ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'],
      allowHeaders: ['X-Requested-With', 'Content-Type', 'Authorization'],
    }),
  );
  for (const path of ['/_matrix/client/v3/profile/*', '/_matrix/client/v3/directory/room/*']) {
    app.use(path, askingAppservice({ appservices: parts.appservices, acting: actingAs }));
  }
  for (const routes of [...clientRoutes(env, config, parts), ...serverRoutes(env, config, parts)]) {
    app.route('/', routes);
  }
  app.route(
    '/',
    getOpenApi(SERVER.version, () => app.routes),
  );
  const isKnownPath = knownPaths(app);
  app.notFound((c) =>
    errorAnswer(isKnownPath(c.req.path) ? methodNotAllowed('Wrong method') : unrecognized('Unrecognized request')),
  );
  app.onError((error, c) => {
    if (error instanceof MatrixError) return errorAnswer(error);
    requestFailed({ method: c.req.method, path: c.req.path, error });
    return errorAnswer(internalError('Internal server error'));
  });
  return app;
}

type Parts = ReturnType<typeof partsOf>;

/** What several groups of routes share. */
function partsOf(env: Env, config: Config) {
  const stubs = objectStubs(env, config);
  const shards = shardClient(stubs);
  const settings = settingsOf(env, config);
  const federation = federationOf(env, config);
  const rooms = policedRooms(roomClient(stubs, settings), federation.client);
  const appservices = appservicesOf(env, config);
  const accounts = accountsOf(env, config, { shards, settings, appservices });
  const address = clientAddress(config.frontSecret !== undefined);
  const limits = createLimits({
    enabled: config.rateLimits,
    address,
    now: Date.now,
    isExempt: async (token) => (await appservices.byToken(token))?.registration.rateLimited === false,
  });
  const users = requireUser({
    tokens: accounts.sessionTokens,
    session: (shard, token, from) =>
      shards(shard).session({ hash: tokenHash(token), ...(from === undefined ? {} : { address: from }) }),
    asserted: assertedIdentity({
      appservices,
      shardOf: (userId) => accounts.accounts.shardOf(userId),
      standing: (shard, userId, deviceId) => shards(shard).userStanding({ userId, deviceId }),
    }),
    acting: actingAs,
    called: callNotices(env, config),
    address,
    now: Date.now,
  });
  const defaultRoomVersion = async () => (await settings.snapshot()).values['rooms.default_version'];
  const asking = askingOf(env, appservices);
  const wiring = roomsOf(env, config, {
    accounts,
    appservices,
    asking,
    federation,
    rooms,
    shards,
    defaultRoomVersion,
  });
  const { registry, destinations } = federation;
  const lists = remoteLists({ database: env.DB, registry, destinations, rooms, shards, epoch: epochOf(settings) });
  const deviceKeys = deviceKeysOf(accounts, shards, federation.client, { lists, registry });
  const media = mediaOf(env, config, { settings, federation });
  const serverOnly = requireServer({
    verifier: federation.verifier,
    onVerified: federation.wake,
    limit: limits.origin,
  });
  const requireUserOrServer = { requireUser: users.middleware, requireServer: serverOnly };
  const finding = findingDeps(env, config, {
    settings,
    federation,
    rooms,
    shards,
    wiring,
    limitSearches: limits.searching,
    ...requireUserOrServer,
  });
  return {
    finding,
    deviceKeys,
    media,
    shards,
    rooms,
    settings,
    federation,
    accounts,
    oauth: oauthOf(env, accounts, settings),
    isDeployment: config.frontSecret === undefined,
    appservices,
    asking,
    users,
    limits,
    serverOnly,
    defaultRoomVersion,
    wiring,
  };
}

function clientRoutes(env: Env, config: Config, parts: Parts): readonly Hono[] {
  const { media, shards, rooms, settings, federation, accounts, users, limits, wiring } = parts;
  const accountDeps = {
    ...parts,
    requireUser: users.middleware,
    tokenCache: users.cache,
    toDevice: federation.toDevice,
    knownUser: (userId: UserId) => wiring.rooms.users.shardOf(userId),
    remoteProfile: (userId: Parameters<typeof remoteProfile>[1]) => remoteProfile(federation.client, userId),
  };
  const roomDeps = roomRoutesDeps(env, config, {
    requireUser: users.middleware,
    limitSending: sendingLimit(parts),
    epoch: epochOf(settings),
    wiring,
    federation,
    room: rooms,
    shards,
  });
  const reports = reportRepository(env.DB, Date.now);
  const setDisplayname = async (user: { readonly userId: UserId; readonly shard: string }, value: string) => {
    await shards(user.shard).setProfile({ userId: user.userId, field: 'displayname', value });
  };
  const settingsChanged = afterSettings(env, { settings, federation, shards });
  return [
    getVersions(),
    accountRoutes(accountDeps),
    roomRoutes(roomDeps),
    ...appserviceRoutes(env, config, { requireUser: users.middleware, ...parts }),
    mediaRoutes({
      requireUser: users.middleware,
      limitUploads: limits.uploads,
      limitPreviews: limits.previews,
      ...media,
    }),
    findingRoutes(parts.finding),
    ...syncRoutes(env, config, parts),
    reportRoutesOf(config, parts, reports),
    ...pushRoutes(env, config, parts),
    adminRoutes({
      requireAdmin: requireAdmin(users.middleware),
      settings,
      settingsChanged,
      restored: afterRestore(env, shards),
      limits,
      sharedSecret: sharedSecretOf(env, config, accounts),
      tokens: { tokens: tokenRepository(env.DB), now: Date.now },
      reports,
      auditLog: auditLog(env.DB),
      setDisplayname,
    }),
    adminUserRoutes({
      requireAdmin: requireAdmin(users.middleware),
      tokenCache: users.cache,
      accounts,
      administration: accountAdministration(env.DB),
      setDisplayname,
    }),
    workspaceRoutesOf(env, config, { requireUser: users.middleware, ...parts }),
    ...adminThingRoutes(env, config, { ...parts, settingsChanged, requireAdmin: requireAdmin(users.middleware) }),
  ];
}

/** Of tokens; a restore raises it. */
const epochOf = (settings: Parts['settings']) => async () => {
  const { epoch } = await settings.snapshot().catch(() => {
    throw unavailable('The database does not answer');
  });
  return epoch;
};

function syncRoutes(env: Env, config: Config, { users, rooms, shards, settings }: Parts): readonly Hono[] {
  const deps = {
    requireUser: users.middleware,
    epoch: epochOf(settings),
    deviceLists: (shard: string) =>
      deviceListReader({ serverName: config.serverName, database: env.DB, rooms }, shards(shard)),
  };
  const ofSync: SyncRouteDeps = {
    ...deps,
    shard: (shard) => syncShard(shards(shard)),
    rooms,
    filter: (shard, userId, filterId) => storedFilter(shards(shard), userId, filterId),
  };
  return [
    sync(ofSync),
    initialSync(ofSync),
    getEvents(ofSync),
    getKeysChanges({ ...deps, changes: (shard, query) => shards(shard).deviceListChanges(query) }),
    slidingSync({ ...deps, shard: (shard) => slidingShard(shards(shard)), rooms: slidingRooms(rooms) }),
  ];
}

function reportRoutesOf({ serverName }: Config, parts: Parts, reports: ReturnType<typeof reportRepository>): Hono {
  const { users, limits, wiring, rooms } = parts;
  return reportingRoutes({
    requireUser: users.middleware,
    limitReporting: limits.reporting,
    serverName,
    reports,
    registry: wiring.rooms.registry,
    room: rooms,
    shardOf: (userId) => wiring.rooms.users.shardOf(userId),
  });
}

function pushRoutes(env: Env, { allowPrivateAddresses }: Config, { shards, users, rooms }: Parts): readonly Hono[] {
  const deps = {
    requireUser: users.middleware,
    registry: pushkeyRepository(env.DB),
    shards,
    isPublic: (url: URL) => allowPrivateAddresses || !isPrivateUrl(url),
  };
  return [getNotifications({ requireUser: users.middleware, shard: shards, rooms }), getPushers(deps), setPusher(deps)];
}
/** Whoever says something is active. */
const sendingLimit = ({ limits, shards }: Parts) =>
  every(
    limits.sending,
    noteActivity(({ userId, shard }) => shards(shard).noteActivity({ userId }), Date.now),
  );

function serverRoutes(env: Env, config: Config, parts: Parts): readonly Hono[] {
  const { deviceKeys, media, shards, rooms, federation, accounts, limits, serverOnly, wiring } = parts;
  const whileFederating = requireFederation(federation.verifier);
  const roomDeps = federationRoomDeps(env, config, {
    wiring,
    federation,
    rooms,
    shards,
    accounts,
    requireServer: serverOnly,
    requireFederation: whileFederating,
    limitStrangers: limits.strangers,
  });
  return [
    federationRoutes({
      ...federation,
      serverName: config.serverName,
      requireServer: serverOnly,
      requireFederation: whileFederating,
      accounts,
      limitStrangers: limits.strangers,
      now: Date.now,
    }),
    federationRoomRoutes(roomDeps),
    federationFindingRoutes(parts.finding),
    federationKeyRoutes({
      serverName: config.serverName,
      requireServer: serverOnly,
      local: deviceKeys.local,
      sharesNames: async () => (await parts.settings.snapshot()).values['devices.share_names'],
    }),
    federationMediaRoutes({ requireServer: serverOnly, ...media }),
    oauthRoutes({
      oauth: parts.oauth,
      limits,
      tokenCache: parts.users.cache,
      ...oauthPagesOf(shards),
      isDeployment: parts.isDeployment,
    }),
    wellKnownRoutes(config.serverName, parts.isDeployment, async () => {
      const { values } = await parts.settings.snapshot();
      const { 'support.page': page, 'support.matrix_id': matrixId, 'support.email': emailAddress } = values;
      return { page, matrixId, emailAddress };
    }),
  ];
}
