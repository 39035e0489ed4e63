import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import { askWith, type Ask } from '../../../support/worker/ask.ts';

const { DB } = env as unknown as { DB: D1Database };
const TOKEN = 'first-administrator';
const closed = askWith({ EYRIE_REGISTRATION: 'closed', EYRIE_BOOTSTRAP_TOKEN: TOKEN });

const register = (asking: Ask, token: string) =>
  asking('POST', '/_matrix/client/v3/register', {
    body: {
      username: `b${crypto.randomUUID().slice(0, 8)}`,
      password: 'x',
      auth: { type: 'm.login.registration_token', token },
    },
  });

// One story: the database of this file has no administrator at its beginning.
test('the bootstrap token makes the first administrator, once, while registration is closed', async () => {
  expect((await register(closed, 'wrong')).status).toBe(401);
  const answers = await Promise.all(Array.from({ length: 6 }, () => register(closed, TOKEN)));
  const made = answers.filter(({ status }) => status === 200);
  expect(made).toHaveLength(1);
  const token = String(made[0]?.body['access_token']);
  expect((await closed('GET', '/_eyrie/admin/v1/settings', { token })).status).toBe(200);
  expect((await register(closed, TOKEN)).status).toBe(403);

  const another = askWith({ EYRIE_REGISTRATION: 'closed', EYRIE_BOOTSTRAP_TOKEN: 'another one' });
  expect((await register(another, 'another one')).status).toBe(403);
  const open = askWith({ EYRIE_REGISTRATION: 'open', EYRIE_BOOTSTRAP_TOKEN: TOKEN });
  expect((await register(open, TOKEN)).status).toBe(401);
  const { results } = await DB.prepare('select token from registration_tokens').all();
  expect(JSON.stringify(results)).not.toContain(TOKEN);
});
