// GET and POST /link (Client-Server API, "Device authorisation flow"; RFC 8628, 3.3)
import type { Context, Hono } from 'hono';
import { html } from 'hono/html';

import { decidePending, pendingClient } from '../../accounts/oauth/device-grant.ts';
import { badJson } from '../../matrix/error.ts';
import { consent } from './consent.ts';
import type { OAuthRoutesDeps } from './deps.ts';
import { alert, page } from './page.ts';
import { PATHS } from './paths.ts';
import { signedInPage, type Visit } from './signed-in-page.ts';

const MAX_USER_CODE = 40;

/** Where somebody types the code that another device shows. */
export const link = (deps: OAuthRoutesDeps): Hono =>
  signedInPage(PATHS.link, deps, {
    prepare: async () => ({}),
    show: async (c, visit) => {
      const { user_code: code } = visit.params;
      return code === undefined ? askCode(c, visit) : confirm(c, deps, visit, code);
    },
    act: async (c, visit, form) => {
      const { action, user_code: code = '' } = form;
      if (action === 'find') return confirm(c, deps, visit, code);
      if (action !== 'allow' && action !== 'deny') throw badJson('There is no such action');
      const isAllowed = action === 'allow';
      if (!(await decidePending(deps.oauth, visit.account, code, isAllowed))) return askCode(c, visit, true);
      return isAllowed
        ? page(c, 'Done', html`<p>Your other device is signed in. You can close this page.</p>`)
        : page(c, 'Refused', html`<p>The other device was not let in. You can close this page.</p>`);
    },
  });

async function confirm(c: Context, { oauth }: OAuthRoutesDeps, visit: Visit<object>, code: string): Promise<Response> {
  const pending = code.length > MAX_USER_CODE ? undefined : await pendingClient(oauth, code);
  if (pending === undefined) return askCode(c, visit, true);
  const question = html`<p>Go on only if the device in front of you shows the code <strong>${code}</strong>.</p>
    ${consent(visit, pending.client, pending.deviceId, code)}`;
  return page(c, 'Allow access?', question);
}

const askCode = async (c: Context, { browser }: Visit<object>, isUnknown = false): Promise<Response> =>
  page(
    c,
    'Sign in another device',
    html`${alert(isUnknown ? 'Nothing waits for this code. It may have run out.' : undefined)}
      <form method="post">
        <input type="hidden" name="form_token" value="${browser.formToken}" />
        <label for="user_code">The code that the device shows</label>
        <input id="user_code" name="user_code" autocomplete="off" autocapitalize="characters" maxlength="20" required />
        <button name="action" value="find">Continue</button>
      </form>`,
    isUnknown ? { status: 404 } : {},
  );
