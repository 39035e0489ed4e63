// GET /_matrix/client/versions (Client-Server API, "API Versions")
import { Hono } from 'hono';

/** What of them is not served stands in `docs/conformance.md`. */
const VERSIONS = Array.from({ length: 19 }, (_, minor) => `v1.${minor + 1}`);

/** What clients ask for by the names of before it was in a version, or by none that is in one yet. */
const UNSTABLE_FEATURES = {
  // Authenticated media, extended profiles: of 1.11 and 1.16, for clients that look for no version.
  'org.matrix.msc3916.stable': true,
  'uk.tcpip.msc4133.stable': true,
  // Recursion over relations, of 1.10.
  'org.matrix.msc3981': true,
  'org.matrix.simplified_msc3575': true,
};

export const getVersions = () =>
  new Hono().get('/_matrix/client/versions', (c) =>
    c.json({
      versions: VERSIONS,
      unstable_features: UNSTABLE_FEATURES,
    }),
  );
