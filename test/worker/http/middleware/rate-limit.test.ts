import { expect, test } from 'vitest';

import { addressKey } from '../../../../src/http/client-address.ts';
import { aLoggedInUser, askWith, logIn, PASSWORD, type Ask } from '../../../support/worker/ask.ts';

const C = '/_matrix/client/v3';
const limited = () => askWith({ EYRIE_RATE_LIMITS: 'on', EYRIE_REGISTRATION: 'open' });

async function burst(count: number, request: (index: number) => ReturnType<Ask>) {
  return Promise.all(Array.from({ length: count }, (_, index) => request(index)));
}

const passwordLogin = (user: string, password = 'wrong') => ({
  type: 'm.login.password',
  identifier: { type: 'm.id.user', user },
  password,
});

const paths: readonly (readonly [string, string, unknown])[] = [
  ['POST', `${C}/login`, {}],
  ['POST', `${C}/register`, {}],
  ['POST', `${C}/refresh`, { refresh_token: 'x' }],
  ['GET', `${C}/register/available?username=a`, undefined],
  ['GET', '/_matrix/client/v1/register/m.login.registration_token/validity?token=x', undefined],
  ['GET', '/_synapse/admin/v1/register', undefined],
  ['POST', '/_synapse/admin/v1/register', {}],
];

test.each(paths)('a burst on %s %s is limited, with a time to wait', async (method, path, body) => {
  const ask = limited();
  const answers = await burst(40, () => ask(method, path, { body, headers: { 'cf-connecting-ip': '192.0.2.1' } }));
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThanOrEqual(10);
  for (const { body: error, headers } of refused) {
    expect(error['errcode']).toBe('M_LIMIT_EXCEEDED');
    expect(error['retry_after_ms']).toBeGreaterThan(0);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  }
});

test('no way of writing the path passes the limit by', async () => {
  const ask = limited();
  const spellings = ['/login', '/login?x=1', '/./login', '/x/../login', '/%6Cogin', '/login#x'];
  const answers = await burst(60, (index) =>
    ask('POST', `${C}${spellings[index % spellings.length] ?? ''}`, { body: {} }),
  );
  const reached = answers.filter(({ status }) => status !== 429 && status !== 404);
  expect(reached.length).toBeLessThanOrEqual(30);
});

test('each address has its own limit, and headers that a client can make up do not count', async () => {
  const ask = limited();
  const from = (headers: Record<string, string>) => ask('POST', `${C}/login`, { body: {}, headers });
  await burst(40, () => from({ 'cf-connecting-ip': '192.0.2.1' }));
  expect((await from({ 'cf-connecting-ip': '192.0.2.2' })).status).toBe(400);
  const claimed = await burst(40, (index) =>
    from({
      'cf-connecting-ip': '192.0.2.1',
      'x-forwarded-for': `10.0.0.${index}`,
      'eyrie-client-address': `10.1.0.${index}`,
    }),
  );
  expect(claimed.every(({ status }) => status === 429)).toBe(true);
});

test('behind the front its word counts, and no other', async () => {
  const ask = askWith({ EYRIE_RATE_LIMITS: 'on', EYRIE_FRONT_SECRET: 'front' });
  const headers = (index: number) => ({
    'eyrie-front-secret': 'front',
    'eyrie-client-address': '192.0.2.1',
    'cf-connecting-ip': `192.0.2.${index}`,
  });
  const answers = await burst(40, (index) => ask('POST', `${C}/login`, { body: {}, headers: headers(index) }));
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(10);
});

test('without an address everybody is counted together', async () => {
  const ask = limited();
  const answers = await burst(40, () => ask('POST', `${C}/login`, { body: {} }));
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(10);
});

test('a password is guessed only so often, from however many addresses', async () => {
  const { userId } = await aLoggedInUser('target');
  const ask = limited();
  const guess = (index: number, password?: string) =>
    ask('POST', `${C}/login`, {
      body: passwordLogin(userId, password),
      headers: { 'cf-connecting-ip': `198.51.100.${index}` },
    });
  const answers = await burst(20, (index) => guess(index));
  expect(answers.filter(({ status }) => status === 403)).toHaveLength(10);
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(10);
  expect((await guess(99, PASSWORD)).status).toBe(429);
});

test('a limit does not tell whether a user exists', async () => {
  const ask = limited();
  const answers = await burst(20, (index) =>
    ask('POST', `${C}/login`, {
      body: passwordLogin('@nobody:eyrie.test'),
      headers: { 'cf-connecting-ip': `203.0.113.${index}` },
    }),
  );
  expect(answers.filter(({ status }) => status === 403)).toHaveLength(10);
});

test('the right password takes the tries before it back', async () => {
  const { userId } = await aLoggedInUser('owner');
  const ask = limited();
  let address = 0;
  const attempt = (password: string) => {
    address += 1;
    return ask('POST', `${C}/login`, {
      body: passwordLogin(userId, password),
      headers: { 'cf-connecting-ip': `192.0.2.${address}` },
    });
  };
  for (let round = 0; round < 3; round += 1) {
    for (let wrong = 0; wrong < 6; wrong += 1) expect((await attempt('wrong')).status).toBe(403);
    expect((await attempt(PASSWORD)).status).toBe(200);
  }
});

test('confirming an operation counts as a guess, too', async () => {
  const { userId, token } = await aLoggedInUser('target');
  const ask = limited();
  const answers = await burst(15, () =>
    ask('POST', `${C}/account/deactivate`, { token, body: { auth: passwordLogin(userId) } }),
  );
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(5);
});

test.each([
  ['POST /createRoom', {}],
  ['PUT /profile/{me}/displayname', { displayname: 1 }],
  ['DELETE /profile/{me}/m.tz', undefined],
  ['PUT /rooms/!none:eyrie.test/send/m.room.message/1', {}],
  ['PUT /rooms/!none:eyrie.test/state/m.room.name', {}],
  ['PUT /rooms/!none:eyrie.test/redact/$none/1', {}],
  ['POST /rooms/!none:eyrie.test/invite', {}],
  ['POST /rooms/!none:eyrie.test/kick', {}],
  ['POST /join/!none:eyrie.test', { reason: 1 }],
  ['PUT /sendToDevice/m.dummy/1', {}, 250],
])('a burst of a user on %s is limited, and nobody else is', async (what, body, requests = 110) => {
  const [alice, bob] = [await aLoggedInUser('alice'), await aLoggedInUser('bob')];
  const [method = '', path = ''] = what.split(' ');
  const ask = limited();
  const by = ({ userId, token }: typeof alice) =>
    ask(method, `${C}${path.replace('{me}', encodeURIComponent(userId))}`, { token, body });
  const answers = await burst(requests, () => by(alice));
  expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThan(0);
  expect((await by(bob)).status).not.toBe(429);
});

test('with limits off nothing is limited', async () => {
  const { userId } = await aLoggedInUser('free');
  for (let index = 0; index < 15; index += 1) await logIn(userId, { password: 'wrong' });
  expect((await logIn(userId)).status).toBe(200);
});

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:DB8:1:2::9', '2001:db8:1:2'],
  ['2001:db8::9', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  [undefined, 'unknown'],
])('the address %j is counted as %j', (address, key) => {
  expect(addressKey(address)).toBe(key);
});
