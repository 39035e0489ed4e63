import { html } from 'hono/html';

import { hostOf, type Client } from '../../accounts/oauth/clients.ts';
import type { Html } from './page.ts';
import type { Visit } from './signed-in-page.ts';

/** Asks whether a client may come in. Its name is what it says of itself; its host and its links belong together. */
export function consent({ account, browser }: Visit<unknown>, client: Client, deviceId: string, userCode = ''): Html {
  const links = [
    ...(client.policy_uri === undefined ? [] : [html`<a href="${client.policy_uri}">Privacy policy</a> `]),
    ...(client.tos_uri === undefined ? [] : [html`<a href="${client.tos_uri}">Terms of service</a>`]),
  ];
  return html`<p>
      <strong>${client.client_name ?? hostOf(client)}</strong> (${hostOf(client)}) wants to use your account
      <strong>${account.userId}</strong>.
    </p>
    <p>It will read and send messages as you, and manage your account. The new session is called ${deviceId}.</p>
    <p>${links}</p>
    <form method="post">
      <input type="hidden" name="form_token" value="${browser.formToken}" />
      <input type="hidden" name="user_code" value="${userCode}" />
      <button name="action" value="allow">Allow</button>
      <button class="other" name="action" value="deny">Refuse</button>
      <button class="other" name="action" value="logout">Use another account</button>
    </form>`;
}
