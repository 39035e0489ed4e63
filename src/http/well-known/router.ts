import { Hono } from 'hono';

import { getWellKnown } from './get-well-known.ts';
import { getWellknownClient } from './get-wellknown-client.ts';

export const wellKnownRoutes = (isDeployment: boolean) =>
  new Hono().route('/', getWellKnown(isDeployment)).route('/', getWellknownClient(isDeployment));
