import { exports } from 'cloudflare:workers';

const worker = exports as unknown as { default: Fetcher };

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Asks the Worker, as a client does. */
export async function ask(
  method: string,
  path: string,
  options: { token?: string; body?: unknown } = {},
): Promise<Answer> {
  const response = await worker.default.fetch(`https://eyrie.test${path}`, {
    method,
    headers: options.token === undefined ? {} : { authorization: `Bearer ${options.token}` },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
  return { status: response.status, body: await response.json() };
}

let made = 0;

export interface TestUser {
  readonly userId: string;
  readonly token: string;
  readonly deviceId: string;
}

/** A fresh user with a session; the deployment of the tests registers openly. */
export async function aLoggedInUser(name = 'user'): Promise<TestUser> {
  made += 1;
  const username = `${name}${made}-${crypto.randomUUID().slice(0, 8)}`;
  const { status, body } = await ask('POST', '/_matrix/client/v3/register', {
    body: { username, password: 'correct horse', auth: { type: 'm.login.dummy' } },
  });
  if (status !== 200) throw new Error(`registration failed: ${JSON.stringify(body)}`);
  return { userId: String(body['user_id']), token: String(body['access_token']), deviceId: String(body['device_id']) };
}
