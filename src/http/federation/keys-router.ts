import { Hono } from 'hono';

import type { LocalKeys } from '../../device-keys/ports.ts';
import type { ServerName } from '../../matrix/ids/brands.ts';
import type { RequireServer } from '../middleware/require-server.ts';
import { claimUserKeys } from './claim-user-keys.ts';
import { getUserDevices } from './get-user-devices.ts';
import { queryUserKeys } from './query-user-keys.ts';

export interface FederationKeyRoutes {
  readonly serverName: ServerName;
  readonly requireServer: RequireServer;
  readonly local: LocalKeys;
  /** Whether other servers may know how users call their devices. */
  readonly sharesNames: () => Promise<boolean>;
}

/** What other servers ask about the devices of our users. */
export const federationKeyRoutes = (deps: FederationKeyRoutes) =>
  new Hono().route('/', getUserDevices(deps)).route('/', queryUserKeys(deps)).route('/', claimUserKeys(deps));
