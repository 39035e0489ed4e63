import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';

import {
  BROWSER_LIFE_MS,
  formToken,
  isFormToken,
  newVisitor,
  signedIn,
  signIn,
} from '../../accounts/oauth/browser-session.ts';
import type { Account } from '../../accounts/ports.ts';
import { forbidden } from '../../matrix/error.ts';
import { clientBaseUrl } from '../well-known/client-base-url.ts';
import type { OAuthRoutesDeps } from './deps.ts';
import { readForm, type Params } from './read-form.ts';

type Deps = Pick<OAuthRoutesDeps, 'oauth' | 'isDeployment'>;

/** A browser at the pages: who sits there, and that its forms are ours. */
export class Browser {
  readonly #c: Context;
  readonly #deps: Deps;
  readonly #isSecure: boolean;
  #visitor: string;

  constructor(c: Context, deps: Deps) {
    this.#c = c;
    this.#deps = deps;
    this.#isSecure = clientBaseUrl(c, deps.isDeployment).startsWith('https:');
    const known = getCookie(c, this.#name('visitor'));
    this.#visitor = known ?? newVisitor();
    if (known === undefined) this.#set('visitor', this.#visitor);
  }

  /** For a hidden field `form_token`. */
  get formToken(): string {
    return formToken(this.#deps.oauth, this.#visitor);
  }

  account(): Promise<Account | undefined> {
    return signedIn(this.#deps.oauth, this.#visitor, getCookie(this.#c, this.#name('account')) ?? '');
  }

  /** The visitor is another one from now on: who set the cookie before cannot use it. */
  signIn(account: Account): void {
    this.#visitor = newVisitor();
    this.#set('visitor', this.#visitor);
    this.#set('account', signIn(this.#deps.oauth, account, this.#visitor));
  }

  signOut(): void {
    this.#visitor = newVisitor();
    this.#set('visitor', this.#visitor);
    this.#set('account', '');
  }

  /** A form that was sent from one of our pages. Throws `M_FORBIDDEN` for any other. */
  async form(): Promise<Params> {
    const form = await readForm(this.#c.req.raw);
    const site = this.#c.req.header('sec-fetch-site') ?? 'same-origin';
    const isOurs = isFormToken(this.#deps.oauth, this.#visitor, form['form_token'] ?? '');
    if (!isOurs || site !== 'same-origin')
      throw forbidden('This form has run out. Go back, load the page again and retry');
    return form;
  }

  #name(what: string): string {
    return this.#isSecure ? `__Host-eyrie-${what}` : `eyrie-${what}`;
  }

  #set(what: string, value: string): void {
    setCookie(this.#c, this.#name(what), value, {
      path: '/',
      httpOnly: true,
      // Lax: a client sends the browser here from its own site.
      sameSite: 'Lax',
      secure: this.#isSecure,
      maxAge: value === '' ? 0 : BROWSER_LIFE_MS / 1000,
    });
  }
}
