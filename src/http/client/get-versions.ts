// GET /_matrix/client/versions (Client-Server API, "API Versions")
import { Hono } from 'hono';

export const getVersions = () =>
  new Hono().get('/_matrix/client/versions', (c) =>
    // Relations by recursion are of version 1.10: clients that see none so new ask for them by their old name.
    c.json({
      versions: ['v1.1', 'v1.2', 'v1.3', 'v1.4', 'v1.5', 'v1.6'],
      unstable_features: { 'org.matrix.msc3981': true, 'org.matrix.simplified_msc3575': true },
    }),
  );
