import type { Context } from 'hono';
import { html } from 'hono/html';

import { checkPassword, loginUserId } from '../../accounts/login.ts';
import { register } from '../../accounts/register.ts';
import type { Account } from '../../accounts/ports.ts';
import { AuthenticationNeeded, forbidden, MatrixError, userLocked } from '../../matrix/error.ts';
import { policyText, type Policies } from '../../matrix/policies.ts';
import type { Browser } from './browser.ts';
import type { OAuthRoutesDeps } from './deps.ts';
import { alert, page, type Html } from './page.ts';
import type { Params } from './read-form.ts';

type Deps = Pick<OAuthRoutesDeps, 'oauth'>;

/** Who is not signed in signs in, or makes an account where the page offers it. Both forms go to where they are. */
export async function signInPage(
  c: Context,
  { oauth }: Deps,
  browser: Browser,
  { wantsAccount = false, failure }: { readonly wantsAccount?: boolean; readonly failure?: MatrixError } = {},
): Promise<Response> {
  const status = failure === undefined ? {} : { status: failure.status };
  const mode = wantsAccount ? await oauth.registration() : 'closed';
  const name = html`<input type="hidden" name="form_token" value="${browser.formToken}" />
    <label for="username">User name</label>
    <input id="username" name="username" autocomplete="username" autocapitalize="none" spellcheck="false" required />
    <label for="password">Password</label>`;
  if (mode !== 'closed') {
    const token =
      mode === 'token'
        ? html`<label for="token">Registration token</label
            ><input id="token" name="token" autocomplete="off" required />`
        : '';
    const form = html`${alert(failure?.message)}
      <p>The account will be at ${oauth.serverName}.</p>
      <form method="post">
        ${name}
        <input id="password" name="password" type="password" autocomplete="new-password" required />
        ${token} ${policiesField(await oauth.policies())}
        <button name="action" value="register">Create account</button>
      </form>`;
    return page(c, 'Create an account', form, status);
  }
  const form = html`${alert(failure?.message)}
    <p>Your account is at ${oauth.serverName}.</p>
    <form method="post">
      ${name}
      <input id="password" name="password" type="password" autocomplete="current-password" required />
      <button name="action" value="login">Sign in</button>
    </form>`;
  return page(c, 'Sign in', form, status);
}

/** The documents that have to be accepted, with links to them. */
function policiesField(policies: Policies): Html {
  const texts = Object.values(policies).map(policyText);
  if (texts.length === 0) return html``;
  return html`<ul>
      ${texts.map((text) => html`<li><a href="${text?.url}" target="_blank" rel="noopener">${text?.name}</a></li>`)}
    </ul>
    <label class="choice"
      ><input name="accepted" type="checkbox" value="yes" required />I accept these documents</label
    >`;
}

/** What the forms of {@link signInPage} ask for. Throws why not, in words for the person. */
export async function provenAccount({ oauth }: Deps, form: Params): Promise<Account> {
  const { username = '', password = '', token } = form;
  if (form['action'] === 'register') {
    const hasPolicies = Object.keys(await oauth.policies()).length > 0;
    if (hasPolicies && form['accepted'] !== 'yes') throw forbidden('The documents have to be accepted');
    const open = { type: hasPolicies ? 'm.login.terms' : 'm.login.dummy' };
    const auth = token === undefined ? open : { type: 'm.login.registration_token', token };
    const hasAccepted = hasPolicies && token !== undefined;
    try {
      return await register(oauth, { username, password, auth, hasAccepted });
    } catch (error) {
      if (!(error instanceof AuthenticationNeeded)) throw error;
      throw new MatrixError(401, error.errcode, 'A registration token is needed');
    }
  }
  const account = await checkPassword(oauth, loginUserId(oauth, username), password);
  if (account.isLocked) throw userLocked('This account has been locked');
  return account;
}
