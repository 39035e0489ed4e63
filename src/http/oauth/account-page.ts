// GET and POST /_eyrie/account (Client-Server API, "Account management")
import type { Hono } from 'hono';
import { html } from 'hono/html';

import { badJson } from '../../matrix/error.ts';
import type { Device } from '../../user/devices/device-store.ts';
import type { OAuthRoutesDeps } from './deps.ts';
import { page, type Html } from './page.ts';
import { PATHS } from './paths.ts';
import { seeAgain, signedInPage } from './signed-in-page.ts';

/** The sessions of the user, each of which can be ended. With `device_id`: that one alone. */
export const accountPage = (deps: OAuthRoutesDeps): Hono =>
  signedInPage(PATHS.account, deps, {
    prepare: async () => ({}),
    show: async (c, { account, params, browser }) => {
      const { device_id: wanted } = params;
      const all = await deps.devices(account);
      const shown = wanted === undefined ? all : all.filter(({ deviceId }) => deviceId === wanted);
      const sessions = shown.map((device) => sessionItem(device, browser.formToken));
      return page(
        c,
        'Your sessions',
        html`<p>You are <strong>${account.userId}</strong>.</p>
          ${
            shown.length === 0
              ? html`<p>There is no such session.</p>`
              : html`<ul>
                  ${sessions}
                </ul>`
          }
          ${wanted === undefined ? '' : html`<p><a href="${PATHS.account}">All sessions</a></p>`}
          <form method="post">
            <input type="hidden" name="form_token" value="${browser.formToken}" />
            <button class="other" name="action" value="logout">Leave this page</button>
          </form>`,
      );
    },
    act: async (c, { account }, form) => {
      const { action, device_id: deviceId } = form;
      if (action !== 'end' || deviceId === undefined) throw badJson('There is no such action');
      await deps.endDevice(account, deviceId);
      deps.tokenCache.forget(account.userId, [deviceId]);
      return seeAgain(c);
    },
  });

function sessionItem({ deviceId, displayName, lastSeenTs, lastSeenIp }: Device, formToken: string): Html {
  const seen = lastSeenTs === undefined ? 'never' : new Date(lastSeenTs).toISOString().slice(0, 16).replace('T', ' ');
  return html`<li>
    <strong>${displayName ?? deviceId}</strong> (${deviceId}), last seen ${seen}${seen === 'never' ? '' : ' UTC'}
    ${lastSeenIp === undefined ? '' : `from ${lastSeenIp}`}
    <form method="post">
      <input type="hidden" name="form_token" value="${formToken}" />
      <input type="hidden" name="device_id" value="${deviceId}" />
      <button class="other" name="action" value="end" aria-label="Sign out ${displayName ?? deviceId}">Sign out</button>
    </form>
  </li>`;
}
