// GET and POST /_eyrie/account (Client-Server API, "Account management")
import type { Context, Hono } from 'hono';
import { html } from 'hono/html';

import { deactivateAccount } from '../../accounts/deactivate.ts';
import { checkPassword } from '../../accounts/login.ts';
import { allowReset, isResetAsked } from '../../accounts/oauth/cross-signing-reset.ts';
import { hashNewPassword } from '../../accounts/register.ts';
import { badJson, forbidden, invalidParam, MatrixError, userSuspended } from '../../matrix/error.ts';
import type { Device } from '../../user/devices/device-store.ts';
import { roomFieldValue } from '../client/profile.ts';
import {
  closingLink,
  closingSection,
  leavingSection,
  NOT_ASKED,
  passwordSection,
  profileSection,
  resetSection,
  sessionsSection,
} from './account-sections.ts';
import type { OAuthRoutesDeps } from './deps.ts';
import { alert, page, type Html } from './page.ts';
import { PATHS, RESET_ACTION } from './paths.ts';
import type { Params } from './read-form.ts';
import { seeAgain, signedInPage, type Visit } from './signed-in-page.ts';

/** What links from clients may ask for. Source: Client-Server API, "Account management URL actions". */
export const ACCOUNT_ACTIONS = [
  'org.matrix.profile',
  'org.matrix.devices_list',
  'org.matrix.device_view',
  'org.matrix.device_delete',
  'org.matrix.account_deactivate',
  RESET_ACTION,
] as const;

/** What is said once something was done. */
const DONE: ReadonlyMap<string, string> = new Map([
  ['profile', 'The name was saved.'],
  ['password', 'The password was changed.'],
]);

type Account = Visit<object>['account'];

/** Name, password and sessions of the user, and the end of the account; with an `action`, that alone. */
export const accountPage = (deps: OAuthRoutesDeps): Hono =>
  signedInPage(PATHS.account, deps, {
    prepare: async () => ({}),
    show: (c, visit) => show(c, deps, visit),
    act: async (c, visit, form) => {
      try {
        return await act(c, deps, visit, form);
      } catch (failure) {
        if (!(failure instanceof MatrixError) || failure.status >= 500) throw failure;
        return show(c, deps, visit, failure);
      }
    },
  });

async function show(c: Context, deps: OAuthRoutesDeps, visit: Visit<object>, failure?: MatrixError): Promise<Response> {
  const { account, params, browser } = visit;
  const done = failure === undefined ? DONE.get(params['done'] ?? '') : undefined;
  return page(
    c,
    'Your account',
    html`${alert(failure?.message)} ${done === undefined ? '' : html`<p role="status">${done}</p>`}
      <p>You are <strong>${account.userId}</strong>.</p>
      ${await sectionsOf(deps, visit)} ${leavingSection(browser.formToken)}`,
    failure === undefined ? {} : { status: failure.status },
  );
}

async function sectionsOf(deps: OAuthRoutesDeps, { account, params, browser }: Visit<object>): Promise<Html> {
  const { action = '', device_id: wanted } = params;
  const { formToken } = browser;
  if (action === 'org.matrix.account_deactivate') return closingSection(formToken);
  const profile = async () => profileSection(formToken, await deps.displayname(account));
  if (action === 'org.matrix.profile') return profile();
  const devices = await deps.devices(account);
  if (action === RESET_ACTION) {
    const { session = '' } = params;
    const isAsking = ({ deviceId }: Device) =>
      deviceId === wanted && isResetAsked(deps.oauth, { ...account, deviceId }, session);
    return resetSection(formToken, devices.find(isAsking));
  }
  const shown = wanted === undefined ? devices : devices.filter(({ deviceId }) => deviceId === wanted);
  const isWhole = wanted === undefined && !action.startsWith('org.matrix.device');
  const sessions = sessionsSection(formToken, shown, isWhole);
  if (!isWhole) return sessions;
  return html`${await profile()} ${passwordSection(formToken, account.userId)} ${sessions} ${closingLink()}`;
}

async function act(c: Context, deps: OAuthRoutesDeps, visit: Visit<object>, form: Params): Promise<Response> {
  const { account, browser } = visit;
  const { action, device_id: deviceId } = form;
  if (action === 'end' && deviceId !== undefined) {
    await deps.endDevice(account, deviceId);
    deps.tokenCache.forget(account.userId, [deviceId]);
    return seeAgain(c);
  }
  if (action === 'profile') {
    await saveName(deps, account, form['displayname'] ?? '');
    return doneWith(c, 'profile');
  }
  if (action === 'password') {
    browser.signIn(await changePassword(deps, account, form));
    return doneWith(c, 'password');
  }
  if (action === 'reset') return reset(c, deps, visit);
  if (action !== 'close') throw badJson('There is no such action');
  const { userId } = await checkPassword(deps.oauth, account.userId, form['password'] ?? '');
  await deactivateAccount(deps.oauth, account, form['erase'] === 'yes');
  deps.tokenCache.forget(userId);
  browser.signOut();
  return page(c, 'The account is closed', html`<p>${userId} is no more. You can close this page.</p>`);
}

/** What the page was opened for is what is allowed. */
async function reset(c: Context, { oauth }: OAuthRoutesDeps, { account, params }: Visit<object>): Promise<Response> {
  const { device_id: deviceId = '', session = '' } = params;
  if (!(await allowReset(oauth, { ...account, deviceId }, session))) throw forbidden(NOT_ASKED);
  const next = html`<p>Go back to your app, which does the rest. You can close this page.</p>`;
  return page(c, 'The reset is allowed', next);
}

const doneWith = (c: Context, what: string): Response => c.redirect(`${PATHS.account}?done=${what}`, 303);

async function saveName(deps: OAuthRoutesDeps, account: Account, name: string): Promise<void> {
  if (account.isSuspended) throw userSuspended('You cannot do this while your account is suspended');
  await deps.setDisplayname(account, roomFieldValue('displayname', name, 'The name'));
}

/** @returns the account as it is then: who changes the password stays signed in here. */
async function changePassword(deps: OAuthRoutesDeps, account: Account, form: Params): Promise<Account> {
  const { password = '', new_password: next = '', again = '', logout } = form;
  const { oauth, tokenCache } = deps;
  await checkPassword(oauth, account.userId, password);
  if (next !== again) throw invalidParam('The new passwords are not the same');
  await oauth.accounts.setPassword(account.userId, await hashNewPassword(oauth, next));
  if (logout === 'yes') {
    await oauth.sessions.closeAllBut(account, undefined);
    tokenCache.forget(account.userId);
  }
  return (await oauth.accounts.find(account.userId)) ?? account;
}
