import { createHmac } from 'node:crypto';

import { createExecutionContext } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';

import { createApp } from '../../../src/app.ts';
import type { Env } from '../../../src/config.ts';
import { requireAsDocumented } from './admin-answer.ts';

const worker = exports as unknown as { default: Fetcher };

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export interface AskOptions {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

export type Ask = (method: string, path: string, options?: AskOptions) => Promise<Answer>;

const asker =
  (fetch: (url: string, init: RequestInit) => Response | Promise<Response>): Ask =>
  async (method, path, { token, body, headers } = {}) => {
    const response = await fetch(`https://eyrie.test${path}`, {
      method,
      headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const answer = { status: response.status, headers: response.headers, body: await response.json<Answer['body']>() };
    requireAsDocumented(method, path, answer.status, answer.body);
    return answer;
  };

/** Asks the Worker, as a client does. */
export const ask: Ask = asker((url, init) => worker.default.fetch(url, init));

/** Asks a Worker that is configured differently, over the same databases and objects. `null` leaves a variable out. */
export function askWith(variables: Readonly<Record<string, string | null>>): Ask {
  const changed = Object.entries({ ...env, ...variables }).filter(([, value]) => value !== null);
  const app = createApp(Object.fromEntries(changed) as unknown as Env);
  return asker((url, init) => app.request(url, init, {}, createExecutionContext()));
}

let made = 0;

export interface TestUser {
  readonly userId: string;
  readonly token: string;
  readonly deviceId: string;
}

export const PASSWORD = 'correct horse';

/** A fresh user with a session; the deployment of the tests registers openly. */
export async function aLoggedInUser(name = 'user'): Promise<TestUser> {
  made += 1;
  const username = `${name}${made}-${crypto.randomUUID().slice(0, 8)}`;
  const { status, body } = await ask('POST', '/_matrix/client/v3/register', {
    body: { username, password: PASSWORD, auth: { type: 'm.login.dummy' } },
  });
  if (status !== 200) throw new Error(`registration failed: ${JSON.stringify(body)}`);
  return { userId: String(body['user_id']), token: String(body['access_token']), deviceId: String(body['device_id']) };
}

export const SHARED_SECRET = 'a shared secret of the tests';

/** What the tool `register_new_matrix_user` of Synapse sends. */
export function sharedSecretRequest(
  nonce: string,
  {
    username,
    password = 'correct horse',
    admin = true,
    secret = SHARED_SECRET,
  }: {
    readonly username: string;
    readonly password?: string;
    readonly admin?: boolean;
    readonly secret?: string;
  },
) {
  const mac = createHmac('sha1', secret)
    .update(`${nonce}\0${username}\0${password}\0${admin ? 'admin' : 'notadmin'}`)
    .digest('hex');
  return { nonce, username, password, admin, mac };
}

/** A fresh administrator with a session. */
export async function anAdministrator(): Promise<TestUser> {
  const nonce = String((await ask('GET', '/_synapse/admin/v1/register')).body['nonce']);
  const username = `admin-${crypto.randomUUID().slice(0, 8)}`;
  const { status, body } = await ask('POST', '/_synapse/admin/v1/register', {
    body: sharedSecretRequest(nonce, { username }),
  });
  if (status !== 200) throw new Error(`registration failed: ${JSON.stringify(body)}`);
  return { userId: String(body['user_id']), token: String(body['access_token']), deviceId: String(body['device_id']) };
}

/** Another session of a user. */
export async function logIn(
  userId: string,
  { password = PASSWORD, ...wish }: { password?: string; device_id?: string; refresh_token?: boolean } = {},
): Promise<Answer> {
  return ask('POST', '/_matrix/client/v3/login', {
    body: { type: 'm.login.password', identifier: { type: 'm.id.user', user: userId }, password, ...wish },
  });
}

/** The status of a request that needs a token: 200 while it is good. */
export async function statusOf(token: string): Promise<number> {
  return (await ask('GET', '/_matrix/client/v3/account/whoami', { token })).status;
}
