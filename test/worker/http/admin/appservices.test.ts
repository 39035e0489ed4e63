import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import { aRegistration, putRegistration } from '../../../support/worker/an-appservice.ts';
import { aLoggedInUser, anAdministrator, ask } from '../../../support/worker/ask.ts';

const PATH = '/_eyrie/admin/v1/appservices';
const { DB } = env as unknown as { DB: D1Database };

const whoami = (token: string) => ask('GET', '/_matrix/client/v3/account/whoami', { token });

test('only administrators see and change registrations', async () => {
  const { token } = await aLoggedInUser();
  for (const [method, path] of [
    ['GET', PATH],
    ['GET', `${PATH}/a`],
    ['PUT', `${PATH}/a`],
    ['DELETE', `${PATH}/a`],
    ['POST', `${PATH}/a/retry`],
    ['POST', `${PATH}/a/replay`],
  ] as const) {
    const body = method === 'PUT' ? { body: {} } : {};
    expect(await ask(method, path, body)).toMatchObject({ status: 401 });
    expect(await ask(method, path, { token, ...body })).toMatchObject({ status: 403 });
  }
});

test('a registration is in force at once, is shown without its tokens, and ends with its removal', async () => {
  const { token, userId } = await anAdministrator();
  const given = aRegistration({ receive_ephemeral: true });
  expect((await whoami(given.as_token)).status).toBe(401);
  const put = await putRegistration(token, given);
  expect(put).toMatchObject({ status: 200, body: { id: given.id, url: null, receive_ephemeral: true } });
  const shown = JSON.stringify([
    put.body,
    (await ask('GET', `${PATH}/${given.id}`, { token })).body,
    (await ask('GET', PATH, { token })).body,
  ]);
  expect(shown).not.toContain(given.as_token);
  expect(shown).not.toContain(given.hs_token);
  const rows = JSON.stringify((await DB.prepare('select * from appservices').all()).results);
  expect(rows).not.toContain(given.as_token);
  expect(rows).not.toContain(given.hs_token);
  expect(await whoami(given.as_token)).toMatchObject({
    status: 200,
    body: { user_id: `@${given.sender_localpart}:eyrie.test` },
  });
  expect((await ask('DELETE', `${PATH}/${given.id}`, { token })).status).toBe(200);
  expect((await ask('DELETE', `${PATH}/${given.id}`, { token })).status).toBe(404);
  expect((await whoami(given.as_token)).status).toBe(401);
  const log = await DB.prepare('select action, detail from audit_log where user_id = ? order by id').bind(userId).all();
  expect(log.results).toEqual([
    { action: 'appservice_put', detail: JSON.stringify({ id: given.id }) },
    { action: 'appservice_removed', detail: JSON.stringify({ id: given.id }) },
  ]);
});

test('a change keeps the tokens that it leaves out, and a token belongs to one registration', async () => {
  const { token } = await anAdministrator();
  const { as_token: asToken, hs_token: hsToken, ...rest } = aRegistration();
  expect(await putRegistration(token, rest)).toMatchObject({ status: 400, body: { errcode: 'M_MISSING_PARAM' } });
  await putRegistration(token, { ...rest, as_token: asToken, hs_token: hsToken } as never);
  expect((await putRegistration(token, { ...rest, protocols: ['irc'] } as never)).body).toMatchObject({
    protocols: ['irc'],
  });
  expect((await whoami(asToken)).status).toBe(200);
  const other = aRegistration({ as_token: asToken });
  expect(await putRegistration(token, other)).toMatchObject({ status: 400, body: { errcode: 'M_INVALID_PARAM' } });
});

test.each([
  ['another id than the path', { id: undefined, 'x-id': 'other' }, 'id'],
  ['no url', { url: undefined }, 'url'],
  ['a url that is none', { url: 'nowhere' }, 'url'],
  ['a url of another scheme', { url: 'ftp://example.com' }, 'url'],
  ['plain http to a private host', { url: 'http://127.0.0.1:9000' }, '--allow-private-addresses'],
  ['plain http to a public host', { url: 'http://example.com' }, 'url'],
  ['a url with a password', { url: 'https://a:b@example.com' }, 'url'],
  ['a url with a query', { url: 'https://example.com/?a=b' }, 'url'],
  ['a short as_token', { as_token: 'short' }, 'as_token'],
  ['an hs_token that is no text', { hs_token: 5 }, 'hs_token'],
  ['no sender', { sender_localpart: undefined }, 'sender_localpart'],
  ['a sender that is a whole user ID', { sender_localpart: '@bot:eyrie.test' }, 'sender_localpart'],
  ['no namespaces', { namespaces: undefined }, 'namespaces'],
  ['users that are no list', { namespaces: { users: {} } }, 'namespaces.users'],
  ['no exclusive', { namespaces: { users: [{ regex: '@a.*' }] } }, 'namespaces.users[0].exclusive'],
  ['a bad expression', { namespaces: { rooms: [{ exclusive: false, regex: '(' }] } }, 'namespaces.rooms[0].regex'],
  [
    'a long expression',
    { namespaces: { aliases: [{ exclusive: false, regex: 'a'.repeat(1_025) }] } },
    'namespaces.aliases[0].regex',
  ],
  ['a flag that is no flag', { rate_limited: 'no' }, 'rate_limited'],
  ['protocols that are no names', { protocols: [1] }, 'protocols'],
  ['an unknown echo', { 'eyrie.echo': 'louder' }, 'eyrie.echo'],
])('a registration with %s is refused, and told why', async (_what, change, names) => {
  const { token } = await anAdministrator();
  const { id, ...registration } = aRegistration();
  const changed = 'x-id' in change ? { ...registration, id: 'other' } : { ...registration, id, ...change };
  const refused = await ask('PUT', `${PATH}/${id}`, { token, body: changed });
  expect(refused).toMatchObject({ status: 400, body: { errcode: 'M_INVALID_PARAM' } });
  expect(refused.body['error']).toContain(names);
  expect((await ask('GET', `${PATH}/${id}`, { token })).status).toBe(404);
});

test('a private address is allowed by https, for an administrator names it; the older name of a flag is read', async () => {
  const { token } = await anAdministrator();
  const given = aRegistration({ url: 'https://127.0.0.1:9000/', 'de.sorunome.msc2409.push_ephemeral': true });
  expect(await putRegistration(token, given)).toMatchObject({
    status: 200,
    body: { url: 'https://127.0.0.1:9000', receive_ephemeral: true },
  });
});
