import type { MiddlewareHandler } from 'hono';

import type { Appservices } from '../../appservice/appservices.ts';
import { tokenOf } from './require-user.ts';

/**
 * For routes that are open to everybody: notes that an application service asks, so that it is not asked itself what it
 * asks. It needs not be anybody here.
 */
export const askingAppservice =
  (deps: {
    readonly appservices: Pick<Appservices, 'byToken'>;
    readonly acting: (appserviceId: string, work: () => Promise<void>) => Promise<void>;
  }): MiddlewareHandler =>
  async (c, next) => {
    const token = tokenOf(c.req.header('authorization'), c.req.query('access_token'));
    const appservice = token === undefined ? undefined : await deps.appservices.byToken(token);
    return appservice === undefined ? next() : deps.acting(appservice.id, next);
  };
