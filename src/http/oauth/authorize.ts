// GET and POST /_eyrie/oauth/authorize (Client-Server API, "Authorisation code flow"; RFC 6749, 3.1)
import type { Context, Hono } from 'hono';

import { allowClient, readRequest, refuseClient, type AuthorizationRequest } from '../../accounts/oauth/authorize.ts';
import { badJson, OAuthError } from '../../matrix/error.ts';
import { consent } from './consent.ts';
import type { OAuthRoutesDeps } from './deps.ts';
import { page } from './page.ts';
import { PATHS } from './paths.ts';
import { signedInPage } from './signed-in-page.ts';

export const authorize = (deps: OAuthRoutesDeps): Hono =>
  signedInPage<AuthorizationRequest>(PATHS.authorize, deps, {
    prepare: async (params) => {
      const request = await readRequest(deps.oauth, params);
      return request.fault === undefined ? request : sendTo(refuseClient(request, request.fault));
    },
    wantsAccount: ({ wantsAccount }) => wantsAccount,
    show: (c, visit) => {
      const { client, deviceId, redirectUri } = visit.subject;
      return page(c, 'Allow access?', consent(visit, client, deviceId), { formTarget: sourceOf(redirectUri) });
    },
    act: async (c, { account, subject }, form) => {
      if (form['action'] === 'allow') return backTo(c, await allowClient(deps.oauth, subject, account));
      if (form['action'] !== 'deny') throw badJson('There is no such action');
      return backTo(c, refuseClient(subject, new OAuthError('access_denied', 'The user refused')));
    },
  });

/** With the cookies that were set. */
const backTo = (c: Context, location: string): Response => {
  c.header('Cache-Control', 'no-store');
  c.header('Referrer-Policy', 'no-referrer');
  return c.redirect(location, 303);
};

const sendTo = (location: string): Response =>
  new Response(null, { status: 303, headers: { location, 'Cache-Control': 'no-store' } });

/** Chromium holds the redirect that answers a form to `form-action` too. */
function sourceOf(redirectUri: string): string {
  const { protocol, host } = new URL(redirectUri);
  return protocol === 'https:' || (protocol === 'http:' && !host.startsWith('[')) ? `${protocol}//${host}` : protocol;
}
