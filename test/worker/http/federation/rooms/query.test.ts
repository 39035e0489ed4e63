import { expect, test } from 'vitest';

import { unauthorized } from '../../../../../src/matrix/error.ts';
import type { ServerName } from '../../../../../src/matrix/ids/brands.ts';
import { aFederationApp, bob, refusal, roomId } from '../../../../support/worker/a-federation-app.ts';

test('the profile of a user of ours is answered, the field passed on', async () => {
  const asked: unknown[] = [];
  const local = async (...query: unknown[]) => {
    asked.push(query);
    return { displayname: 'Bob' };
  };
  const { get } = aFederationApp({ deps: { profiles: { local } } });
  const response = await get(`/v1/query/profile?user_id=${bob}&field=displayname`);
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(await response.json()).toEqual({ displayname: 'Bob' });
  expect(asked).toEqual([[bob, 'displayname']]);
});

test.each([
  ['/v1/query/profile', '400 M_MISSING_PARAM'],
  ['/v1/query/profile?user_id=bob', '400 M_INVALID_PARAM'],
  ['/v1/query/profile?user_id=@eve:else.test', '400 M_INVALID_PARAM'],
  ['/v1/query/profile?user_id=@nobody:us.test', '404 M_NOT_FOUND'],
  ['/v1/query/directory', '400 M_MISSING_PARAM'],
  ['/v1/query/directory?room_alias=known', '400 M_INVALID_PARAM'],
  ['/v1/query/directory?room_alias=%23unknown:us.test', '404 M_NOT_FOUND'],
  ['/v1/query/directory?room_alias=%23known:else.test', '404 M_NOT_FOUND'],
  ['/v1/query/other', '404 M_UNRECOGNIZED'],
])('%s is %s', async (path, answer) => {
  expect(await refusal(await aFederationApp().get(path))).toBe(answer);
});

test('an alias is answered with its room and with servers that may help, ourselves first', async () => {
  const joinedServers = async () => ['peer.test', 'us.test', 'else.test'] as ServerName[];
  const { get } = aFederationApp({ room: { joinedServers } });
  const response = await get('/v1/query/directory?room_alias=%23known:us.test');
  expect(await response.json()).toEqual({ room_id: roomId, servers: ['us.test', 'peer.test', 'else.test'] });
});

test('an alias of a room that we have left is still answered', async () => {
  const response = await aFederationApp().get('/v1/query/directory?room_alias=%23known:us.test');
  expect(await response.json()).toEqual({ room_id: roomId, servers: ['us.test'] });
});

/** Identity servers have no key that would sign for them. */
const FOR_IDENTITY_SERVERS = '/_matrix/federation/v1/3pid/onbind';

test('every route stands behind the check of the server', async () => {
  const requireServer = async () => {
    throw unauthorized('no');
  };
  const { app, calls } = aFederationApp({ deps: { requireServer } });
  const routes = new Map(app.routes.map(({ method, path }) => [`${method} ${path}`, { method, path }]));
  expect(routes.size).toBeGreaterThanOrEqual(15);
  for (const { method, path } of routes.values()) {
    if (path === FOR_IDENTITY_SERVERS) continue;
    const response = await app.request(`https://us.test${path.replaceAll(/:[A-Za-z]+/g, 'x')}`, { method });
    expect(`${method} ${path} ${await refusal(response)}`).toBe(`${method} ${path} 401 M_UNAUTHORIZED`);
  }
  expect(calls).toEqual([]);
});
