import { createHash, randomBytes } from 'node:crypto';

import { exports } from 'cloudflare:workers';

import { PASSWORD } from './ask.ts';

const worker = exports as unknown as { default: Fetcher };
const HOST = 'https://eyrie.test';

export interface Page {
  readonly status: number;
  readonly headers: Headers;
  readonly location: string;
  readonly text: string;
}

/** A browser that keeps cookies and follows nothing. */
export class TestBrowser {
  readonly #cookies = new Map<string, string>();
  #formToken = '';

  get(path: string): Promise<Page> {
    return this.#ask('GET', path);
  }

  /** Sends a form of the page that it saw last. */
  send(path: string, fields: Readonly<Record<string, string>>): Promise<Page> {
    return this.#ask('POST', path, { form_token: this.#formToken, ...fields });
  }

  async signIn(path: string, userId: string, password = PASSWORD): Promise<Page> {
    await this.get(path);
    return this.send(path, { action: 'login', username: userId, password });
  }

  async #ask(method: string, path: string, fields?: Readonly<Record<string, string>>): Promise<Page> {
    const response = await worker.default.fetch(`${HOST}${path}`, {
      method,
      redirect: 'manual',
      headers: { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(fields === undefined ? {} : { body: new URLSearchParams(fields) }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      this.#cookies.set(name, value);
    }
    const text = await response.text();
    this.#formToken = /name="form_token" value="([^"]+)"/.exec(text)?.[1] ?? this.#formToken;
    return {
      status: response.status,
      headers: response.headers,
      location: response.headers.get('location') ?? '',
      text,
    };
  }
}

/** A form as clients send it, answered in JSON. */
export async function post(path: string, fields: Readonly<Record<string, string>>) {
  const response = await worker.default.fetch(`${HOST}${path}`, { method: 'POST', body: new URLSearchParams(fields) });
  return { status: response.status, headers: response.headers, body: await response.json<Record<string, unknown>>() };
}

export const CALLBACK = 'https://app.client.example/callback';

export const CLIENT = {
  client_uri: 'https://client.example/',
  client_name: 'A client',
  redirect_uris: [CALLBACK, 'https://client.example/other?x=1'],
  grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code', 'implicit'],
  token_endpoint_auth_method: 'none',
  application_type: 'web',
};

export async function register(metadata: object = CLIENT) {
  const response = await worker.default.fetch(`${HOST}/_eyrie/oauth/register`, {
    method: 'POST',
    body: JSON.stringify(metadata),
  });
  return { status: response.status, body: await response.json<Record<string, unknown>>() };
}

export interface Request {
  readonly verifier: string;
  readonly params: Readonly<Record<string, string>>;
  /** Where the browser goes. */
  readonly path: string;
}

export const scopeOf = (deviceId: string) => `urn:matrix:client:api:* urn:matrix:client:device:${deviceId}`;

export function aRequest(clientId: string, changes: Readonly<Record<string, string>> = {}): Request {
  const verifier = randomBytes(32).toString('base64url');
  const params = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: CALLBACK,
    scope: scopeOf(`DEV${randomBytes(6).toString('hex')}`),
    state: 'a state',
    response_mode: 'fragment',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...changes,
  };
  return { verifier, params, path: `/_eyrie/oauth/authorize?${new URLSearchParams(params).toString()}` };
}

export const answerOf = ({ location }: Page) => new URLSearchParams(new URL(location).hash.slice(1));

/** A code that a user gave to a client. */
export async function aCode(userId: string, clientId: string, request = aRequest(clientId)) {
  const browser = new TestBrowser();
  await browser.signIn(request.path, userId);
  await browser.get(request.path);
  const allowed = await browser.send(request.path, { action: 'allow' });
  const code = answerOf(allowed).get('code') ?? '';
  const redeem = (changes: Readonly<Record<string, string>> = {}) =>
    post('/_eyrie/oauth/token', {
      grant_type: 'authorization_code',
      code,
      client_id: clientId,
      redirect_uri: request.params['redirect_uri'] ?? '',
      code_verifier: request.verifier,
      ...changes,
    });
  return { code, redeem, request };
}
