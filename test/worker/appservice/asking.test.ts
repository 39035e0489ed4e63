import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import type { Appservice } from '../../../src/appservice/appservices.ts';
import type { AskingDeps } from '../../../src/appservice/asking/ports.ts';
import { queryUser } from '../../../src/appservice/asking/query-entity.ts';
import { Remembered } from '../../../src/appservice/asking/remembered.ts';
import type { Env } from '../../../src/config.ts';
import type { UserId } from '../../../src/matrix/ids/brands.ts';
import {
  aReceivingAppservice,
  stubAppservices,
  type AskedRequest,
} from '../../support/worker/a-receiving-appservice.ts';
import { anAppservice, anOwnedUser, askAs } from '../../support/worker/an-appservice.ts';
import { aLoggedInUser, ask } from '../../support/worker/ask.ts';
import { aClient } from '../../support/worker/client.ts';
import { eventually } from '../../support/worker/eventually.ts';

const v3 = '/_matrix/client/v3';
const bindings = env as unknown as Env;

beforeAll(stubAppservices);
afterAll(() => vi.restoreAllMocks());

const gone = () => Response.json({ errcode: 'M_NOT_FOUND' }, { status: 404 });
const isTransaction = ({ path }: AskedRequest) => path.includes('/transactions/');

test('an unknown user of its namespace is asked for when invited, made, and invited', async () => {
  const appservice = await aReceivingAppservice();
  const userId = `@${appservice.prefix}new:eyrie.test`;
  appservice.answer = async (request) => {
    if (isTransaction(request)) return Response.json({});
    if (request.path !== `/_matrix/app/v1/users/${encodeURIComponent(userId)}`) return gone();
    await anOwnedUser(appservice, 'new');
    return Response.json({});
  };
  const alice = await aClient('alice');
  const roomId = await alice.create();
  expect(await alice.inRoom('POST', roomId, 'invite', { user_id: userId })).toMatchObject({ status: 200 });
  await eventually(() =>
    expect(appservice.events()).toContainEqual(expect.objectContaining({ type: 'm.room.member', state_key: userId })),
  );
  const missing = `@${appservice.prefix}missing:eyrie.test`;
  const refused = await alice.inRoom('POST', roomId, 'invite', { user_id: missing });
  expect(refused.status).toBe(404);
  expect((await alice.ask('GET', `/profile/${encodeURIComponent(missing)}`)).status).toBe(404);
  expect(appservice.asked.filter(({ path }) => path.includes('/users/')).map(({ path }) => path)).toHaveLength(2);
  expect(appservice.asked.at(-1)?.headers.get('authorization')).toBe(`Bearer ${appservice.hsToken}`);
});

test('the profile of an unknown user of its namespace is that of the user it makes; nobody else is asked for', async () => {
  const appservice = await aReceivingAppservice();
  appservice.answer = async (request) => {
    if (isTransaction(request)) return Response.json({});
    const userId = await anOwnedUser(appservice, 'ghost');
    const path = `${v3}/profile/${encodeURIComponent(userId)}`;
    // What it asks itself is not asked of it again.
    await askAs(appservice, userId, 'GET', `${v3}/profile/${encodeURIComponent(`@${appservice.prefix}x:eyrie.test`)}`);
    await askAs(appservice, userId, 'PUT', `${path}/displayname`, { displayname: 'Ghost' });
    return Response.json({});
  };
  const { token } = await aLoggedInUser();
  const profile = (name: string) => ask('GET', `${v3}/profile/${encodeURIComponent(`@${name}:eyrie.test`)}`, { token });
  expect(await profile(`${appservice.prefix}ghost`)).toMatchObject({ status: 200, body: { displayname: 'Ghost' } });
  expect((await profile(`nobody-${crypto.randomUUID()}`)).status).toBe(404);
  expect(appservice.asked.filter((request) => !isTransaction(request))).toHaveLength(1);
});

test('an unknown alias of its namespace is asked for, and names the room that it makes', async () => {
  const appservice = await aReceivingAppservice();
  const alias = `#${appservice.prefix}channel:eyrie.test`;
  appservice.answer = async (request) => {
    if (isTransaction(request)) return Response.json({});
    if (request.path !== `/_matrix/app/v1/rooms/${encodeURIComponent(alias)}`) return gone();
    const made = await askAs(appservice, undefined, 'POST', `${v3}/createRoom`, {
      preset: 'public_chat',
      room_alias_name: `${appservice.prefix}channel`,
    });
    return made.status === 200 ? Response.json({}) : gone();
  };
  const alice = await aClient('alice');
  const joined = await alice.ask('POST', `/join/${encodeURIComponent(alias)}`, {});
  expect(joined).toMatchObject({ status: 200, body: { room_id: expect.any(String) } });
  const other = encodeURIComponent(`#${appservice.prefix}none:eyrie.test`);
  expect((await alice.ask('GET', `/directory/room/${other}`)).status).toBe(404);
});

test('who waits for one that does not answer is told so, after several tries', async () => {
  const appservice = await aReceivingAppservice();
  appservice.answer = (request) =>
    isTransaction(request) ? Response.json({}) : new Response('starting', { status: 503 });
  const alice = await aClient('alice');
  const alias = encodeURIComponent(`#${appservice.prefix}slow:eyrie.test`);
  expect((await alice.ask('GET', `/directory/room/${alias}`)).status).toBe(408);
  expect(appservice.asked.filter(({ path }) => path.includes('/rooms/')).length).toBeGreaterThan(1);
});

test('networks are told with what their application services say; users and rooms are looked up both ways', async () => {
  const network = `net${crypto.randomUUID().slice(0, 8)}`;
  const [one, two] = [
    await aReceivingAppservice({ protocols: [network] }),
    await aReceivingAppservice({ protocols: [network] }),
  ];
  const alias = `#${one.prefix}a:eyrie.test`;
  const user = `@${one.prefix}u:eyrie.test`;
  const location = { alias, protocol: network, fields: { channel: 'a' } };
  const person = { userid: user, protocol: network, fields: { nick: 'u' } };
  const base = '/_matrix/app/v1/thirdparty';
  const meta = { user_fields: ['nick'], location_fields: ['channel'], icon: 'mxc://a/b', field_types: {} };
  one.answer = ({ path }) => {
    const answers: Record<string, unknown> = {
      [`${base}/protocol/${network}`]: {
        ...meta,
        instances: [{ network_id: 'first', desc: 'First', fields: { network: 'first' } }],
      },
      [`${base}/location/${network}?channel=a`]: [location, 'nonsense', { alias: 5 }],
      [`${base}/user/${network}?nick=u`]: [person],
      [`${base}/location?${new URLSearchParams({ alias }).toString()}`]: [location],
      [`${base}/user?${new URLSearchParams({ userid: user }).toString()}`]: [person],
    };
    return path in answers ? Response.json(answers[path]) : gone();
  };
  two.answer = ({ path }) =>
    path === `${base}/protocol/${network}`
      ? Response.json({ ...meta, instances: [{ network_id: 'second', desc: 'Second', fields: {} }] })
      : new Response('no', { status: 500 });
  const { token } = await aLoggedInUser();
  const get = (rest: string) => ask('GET', `${v3}/thirdparty/${rest}`, { token });
  const described = {
    ...meta,
    instances: [
      expect.objectContaining({ network_id: 'first', instance_id: expect.stringContaining(one.id) }),
      expect.objectContaining({ network_id: 'second', instance_id: expect.stringContaining(two.id) }),
    ].toSorted((a, b) => (one.id < two.id ? 0 : -1) || Number(a === b)) as unknown,
  };
  expect((await get(`protocol/${network}`)).body).toEqual(described);
  expect((await get('protocols')).body[network]).toEqual(described);
  expect((await get(`location/${network}?channel=a`)).body).toEqual([location]);
  expect((await get(`user/${network}?nick=u`)).body).toEqual([person]);
  expect((await get(`location?alias=${encodeURIComponent(alias)}`)).body).toEqual([location]);
  expect((await get(`user?userid=${encodeURIComponent(user)}`)).body).toEqual([person]);
  for (const rest of ['protocol/unheard-of', `location/${network}?channel=b`, 'user/unheard-of?nick=u']) {
    expect(await get(rest)).toMatchObject({ status: 404, body: { errcode: 'M_NOT_FOUND' } });
  }
  for (const rest of ['location', 'user']) {
    expect(await get(rest)).toMatchObject({ status: 400, body: { errcode: 'M_MISSING_PARAM' } });
  }
  expect((await ask('GET', `${v3}/thirdparty/protocols`)).status).toBe(401);
});

test('what it does not make, and what it says of a network, is not asked for again at once', async () => {
  const network = `net${crypto.randomUUID().slice(0, 8)}`;
  const appservice = await aReceivingAppservice({ protocols: [network] });
  appservice.answer = ({ path }) =>
    path.includes('/protocol/') ? new Response('{"user_fields":[],"since":1.0}') : gone();
  const alice = await aClient('alice');
  for (let n = 0; n < 3; n += 1) {
    const alias = encodeURIComponent(`#${appservice.prefix}none:eyrie.test`);
    expect((await alice.ask('GET', `/directory/room/${alias}`)).status).toBe(404);
    expect((await alice.ask('GET', `/thirdparty/protocol/${network}`)).body).toMatchObject({ since: 1 });
  }
  expect(appservice.asked.map(({ path }) => path.split('/')[4])).toEqual(['rooms', 'thirdparty']);
});

test('strangers who ask for any name of a namespace do not ask more of it than it can bear', async () => {
  const asked: string[] = [];
  const appservice = {
    id: 'as',
    registration: { url: 'https://as.test' },
    ownsUser: () => true,
  } as unknown as Appservice;
  const deps: AskingDeps = {
    appservices: { all: async () => [appservice] },
    ask: (_appservice, { path }) => {
      asked.push(path);
      return new Promise(() => {});
    },
    acting: () => undefined,
    after: async () => {},
    memory: { missing: new Remembered(), protocols: new Remembered(), underWay: new Map() },
    now: () => 0,
  };
  for (let n = 0; n < 32; n += 1) void queryUser(deps, `@${n}:eyrie.test` as UserId);
  await expect(queryUser(deps, '@one-more:eyrie.test' as UserId)).rejects.toMatchObject({ status: 408 });
  expect(asked).toHaveLength(32);
});

const ping = (id: string, token: string) =>
  ask('POST', `/_matrix/client/v1/appservice/${id}/ping`, { token, body: { transaction_id: 'meow' } });

test('a ping goes to the application service, and what comes of it back', async () => {
  const appservice = await aReceivingAppservice();
  expect(await ping(appservice.id, appservice.asToken)).toMatchObject({
    status: 200,
    body: { duration_ms: expect.any(Number) },
  });
  expect(appservice.asked.at(-1)).toMatchObject({
    method: 'POST',
    path: '/_matrix/app/v1/ping',
    body: '{"transaction_id":"meow"}',
  });
  appservice.answer = () => Response.json({ errcode: 'M_FORBIDDEN' }, { status: 403 });
  expect(await ping(appservice.id, appservice.asToken)).toMatchObject({
    status: 502,
    body: { errcode: 'M_BAD_STATUS', status: 403, body: '{"errcode":"M_FORBIDDEN"}' },
  });
  appservice.answer = () => Promise.reject(new TypeError('connection refused'));
  expect(await ping(appservice.id, appservice.asToken)).toMatchObject({
    status: 502,
    body: { errcode: 'M_CONNECTION_FAILED' },
  });
});

test('only the application service itself has itself pinged, and only where it has a URL', async () => {
  const [appservice, other] = [await anAppservice(), await anAppservice()];
  expect(await ping(appservice.id, appservice.asToken)).toMatchObject({
    status: 400,
    body: { errcode: 'M_URL_NOT_SET' },
  });
  for (const token of [other.asToken, (await aLoggedInUser()).token]) {
    expect(await ping(appservice.id, token)).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  }
  expect(await ping(appservice.id, 'nonsense')).toMatchObject({ status: 401 });
});

test('a ping that is answered has what waits tried at once', async () => {
  const appservice = await aReceivingAppservice();
  const user = await anOwnedUser(appservice);
  const alice = await aClient('alice');
  const roomId = await alice.create();
  appservice.answer = () => new Response(null, { status: 503 });
  await askAs(appservice, user, 'POST', `${v3}/rooms/${encodeURIComponent(roomId)}/join`, {});
  await eventually(() => expect(appservice.asked.length).toBeGreaterThan(0));
  appservice.answer = () => Response.json({});
  expect((await ping(appservice.id, appservice.asToken)).status).toBe(200);
  await eventually(() => expect(appservice.events()).toHaveLength(1));
});

test('a call of its own has what waits tried at once, too', async () => {
  const appservice = await aReceivingAppservice();
  const user = await anOwnedUser(appservice);
  const alice = await aClient('alice');
  const roomId = await alice.create({ preset: 'public_chat' });
  appservice.answer = () => new Response(null, { status: 503 });
  await askAs(appservice, user, 'POST', `${v3}/rooms/${encodeURIComponent(roomId)}/join`, {});
  const inObject = (work: (sql: SqlStorage) => void) =>
    runInDurableObject(bindings.APPSERVICE.getByName(appservice.id), (_instance, { storage }) => work(storage.sql));
  await eventually(() =>
    inObject((sql) => {
      const row = sql.exec(`select 1 from meta where key = 'health' and json_extract(value, '$.attempts') > 0`);
      expect(row.toArray()).toHaveLength(1);
    }),
  );
  // The next try by itself is far away.
  await inObject((sql) => {
    const until = Date.now() + 300_000;
    sql.exec(`update meta set value = json_set(value, '$.until', ?) where key = 'health'`, until);
  });
  appservice.answer = () => Response.json({});
  await eventually(async () => {
    expect((await askAs(appservice, user, 'GET', `${v3}/account/whoami`)).status).toBe(200);
    expect(appservice.events()).toHaveLength(1);
  });
});
