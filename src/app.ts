import { Hono } from 'hono';
import { cors } from 'hono/cors';

import { roomClient } from './durable/room/client.ts';
import { shardClient } from './durable/user/client.ts';
import { objectStubs } from './durable/objects.ts';
import { accountRoutes } from './http/client/accounts-router.ts';
import { storedFilter } from './http/client/filter.ts';
import { sync } from './http/client/sync.ts';
import { requireUser } from './http/middleware/require-user.ts';
import { tokenHash } from './user/devices/sessions.ts';
import { accountsOf, sharedSecretOf } from './wiring/accounts.ts';
import { syncShard } from './wiring/sync-shard.ts';
import { readConfig, type Env } from './config.ts';
import { federationOf } from './durable/federation.ts';
import { settingsOf } from './durable/settings.ts';
import { adminRoutes } from './http/admin/router.ts';
import { federationRoutes } from './http/federation/router.ts';
import { getVersions } from './http/client/get-versions.ts';
import { knownPaths } from './http/known-paths.ts';
import { fromFront } from './http/middleware/from-front.ts';
import { requireAdmin } from './http/middleware/require-admin.ts';
import { requireServer } from './http/middleware/require-server.ts';
import { wellKnownRoutes } from './http/well-known/router.ts';
import { MatrixError, internalError, methodNotAllowed, notFound, unrecognized } from './matrix/error.ts';
import { requestFailed } from './observability/events.ts';

/** Composes the Worker: here ports meet their implementations. */
export function createApp(env: Env): Hono {
  const config = readConfig(env);
  const app = new Hono();
  app.use(fromFront(config.frontSecret));
  // Client-Server API, "Web Browser Clients".
  app.use(
    '/_matrix/*',
    cors({
      origin: '*',
      allowMethods: ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'],
      allowHeaders: ['X-Requested-With', 'Content-Type', 'Authorization'],
    }),
  );
  app.route('/', getVersions());
  const stubs = objectStubs(env, config);
  const shards = shardClient(stubs);
  const settings = settingsOf(env, config);
  const accounts = accountsOf(env, config, { shards, settings });
  const rooms = roomClient(stubs);
  const users = requireUser((shard, token) => shards(shard).session({ hash: tokenHash(token) }), Date.now);
  app.route(
    '/',
    accountRoutes({
      requireUser: users.middleware,
      tokenCache: users.cache,
      accounts,
      shards,
      secret: config.secret,
      defaultRoomVersion: async () => (await settings.snapshot()).values['rooms.default_version'],
      remoteProfile: async () => {
        throw notFound('There is no such user');
      },
      profileChanged: async () => {},
    }),
  );
  app.route(
    '/',
    adminRoutes({
      requireAdmin: requireAdmin(users.middleware),
      settings,
      sharedSecret: sharedSecretOf(env, config, accounts),
      setDisplayname: async ({ userId, shard }, value) => {
        await shards(shard).setProfile({ userId, field: 'displayname', value });
      },
    }),
  );
  app.route(
    '/',
    sync({
      requireUser: users.middleware,
      shard: (shard) => syncShard(shards(shard)),
      rooms,
      epoch: '1',
      filter: (shard, userId, filterId) => storedFilter(shards(shard), userId, filterId),
    }),
  );
  const federation = federationOf(env, config);
  const serverOnly = requireServer(federation.verifier, federation.wake);
  app.route(
    '/',
    federationRoutes({ ...federation, serverName: config.serverName, requireServer: serverOnly, now: Date.now }),
  );
  app.route('/', wellKnownRoutes(config.frontSecret === undefined));
  const isKnownPath = knownPaths(app);
  app.notFound((c) =>
    serialize(isKnownPath(c.req.path) ? methodNotAllowed('Wrong method') : unrecognized('Unrecognized request')),
  );
  app.onError((error, c) => {
    if (error instanceof MatrixError) return serialize(error);
    requestFailed({ method: c.req.method, path: c.req.path, error });
    return serialize(internalError('Internal server error'));
  });
  return app;
}

/** The one place where an error becomes an answer. Source: Client-Server API, "Standard error response". */
function serialize(error: MatrixError): Response {
  return Response.json({ errcode: error.errcode, error: error.message, ...error.extra }, { status: error.status });
}
