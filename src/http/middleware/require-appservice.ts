import type { Context } from 'hono';

import type { Appservice, Appservices } from '../../appservice/appservices.ts';
import { missingToken, unknownToken } from '../../matrix/error.ts';
import { tokenOf } from './require-user.ts';

/** The type by which application services register and log in. */
export const APPSERVICE_LOGIN = 'm.login.application_service';

/** The application service whose `as_token` a request carries. Throws `M_MISSING_TOKEN`, `M_UNKNOWN_TOKEN`. */
export async function requireAppservice(appservices: Pick<Appservices, 'byToken'>, c: Context): Promise<Appservice> {
  const token = tokenOf(c.req.header('authorization'), c.req.query('access_token'));
  if (token === undefined) throw missingToken('The token of an application service is needed');
  const appservice = await appservices.byToken(token);
  if (appservice === undefined) throw unknownToken('Unknown token of an application service');
  return appservice;
}
