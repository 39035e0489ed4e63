import { Hono, type Context } from 'hono';
import { html } from 'hono/html';

import type { Account } from '../../accounts/ports.ts';
import { MatrixError } from '../../matrix/error.ts';
import { Browser } from './browser.ts';
import type { OAuthRoutesDeps } from './deps.ts';
import { page } from './page.ts';
import { readParams, type Params } from './read-form.ts';
import { requireOAuth } from './require-oauth.ts';
import { provenAccount, signInPage } from './sign-in.ts';

type Answer = Response | Promise<Response>;

/** A page for who is signed in: what it is about, what it shows, and what its forms do. */
export interface SignedInPage<Subject> {
  /** Comes before signing in. Throws what the person is told; a response ends it. */
  readonly prepare: (params: Params) => Promise<Subject | Response>;
  readonly wantsAccount?: (subject: Subject) => boolean;
  readonly show: (c: Context, visit: Visit<Subject>) => Answer;
  readonly act: (c: Context, visit: Visit<Subject>, form: Params) => Answer;
}

export interface Visit<Subject> {
  readonly account: Account;
  readonly subject: Subject;
  readonly params: Params;
  readonly browser: Browser;
}

/** GET and POST of a page; whoever is not signed in is asked to, in between. Errors are pages too. */
export function signedInPage<Subject>(path: string, deps: OAuthRoutesDeps, of: SignedInPage<Subject>): Hono {
  const visit = async (c: Context, isPost: boolean): Promise<Response> => {
    const browser = new Browser(c, deps);
    const params = readParams(new URL(c.req.url).searchParams);
    const form = isPost ? await browser.form() : undefined;
    const subject = await of.prepare(params);
    if (subject instanceof Response) return subject;
    const wantsAccount = of.wantsAccount?.(subject) === true;
    const action = form?.['action'];
    if (form !== undefined && (action === 'login' || action === 'register')) {
      try {
        // Its own limit, as for accounts that are made elsewhere.
        if (action === 'register') await deps.limits.registration(c, async () => {});
        browser.signIn(await provenAccount(deps, form));
      } catch (failure) {
        if (!(failure instanceof MatrixError) || failure.status >= 500) throw failure;
        return signInPage(c, deps, browser, { wantsAccount: action === 'register', failure });
      }
      return seeAgain(c);
    }
    if (action === 'logout') {
      browser.signOut();
      return seeAgain(c);
    }
    const account = await browser.account();
    if (account === undefined) return signInPage(c, deps, browser, { wantsAccount });
    const seen = { account, subject, params, browser };
    return form === undefined ? of.show(c, seen) : of.act(c, seen, form);
  };
  const answer = (isPost: boolean) => (c: Context) => visit(c, isPost).catch((error: unknown) => failed(c, error));
  const { limits, oauth } = deps;
  return new Hono()
    .get(path, requireOAuth(oauth), limits.strangers, answer(false))
    .post(path, requireOAuth(oauth), limits.login, answer(true));
}

/** The same address once more, so that reloading sends nothing again. */
export const seeAgain = (c: Context): Response => {
  const { pathname, search } = new URL(c.req.url);
  return c.redirect(pathname + search, 303);
};

function failed(c: Context, error: unknown): Answer {
  if (!(error instanceof MatrixError)) throw error;
  return page(c, 'This did not work', html`<p role="alert">${error.message}</p>`, { status: error.status });
}
