import { Hono } from 'hono';

import type { OwnKeys } from '../../federation/own-keys.ts';
import type { ServerName } from '../../matrix/ids/brands.ts';
import { getServerKey } from './get-server-key.ts';
import { getVersion } from './get-version.ts';

export interface FederationRoutes {
  readonly serverName: ServerName;
  readonly ownKeys: OwnKeys;
  readonly now: () => number;
}

export const federationRoutes = ({ serverName, ownKeys, now }: FederationRoutes) =>
  new Hono().route('/', getServerKey(serverName, ownKeys, now)).route('/', getVersion());
