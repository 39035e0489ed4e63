import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import { createApp } from '../../../../../src/app.ts';
import type { Env } from '../../../../../src/config.ts';
import { OPERATIONS } from '../../../../../src/http/admin/openapi/operations.ts';
import { aWorkspace } from '../../../../support/worker/a-workspace.ts';
import { anAppservice } from '../../../../support/worker/an-appservice.ts';
import { aLoggedInUser, ask } from '../../../../support/worker/ask.ts';

/** What a workspace may call. */
const OPEN = [
  'PUT /_eyrie/admin/v1/rooms/:roomId/power_level/:userId',
  'POST /_eyrie/admin/v1/dm',
  'GET /_eyrie/admin/v1/events/:eventId',
  'GET /_eyrie/admin/v1/events/:eventId/state',
  'POST /_eyrie/admin/v1/receipts',
  'POST /_eyrie/admin/v1/presence',
  'POST /_eyrie/admin/v1/users/:userId',
  'GET /_eyrie/admin/v1/rooms',
  'PUT /_eyrie/admin/v1/users/:userId/federation',
];

/** Some say nothing of this server, and are open to everybody. */
const routes = [
  ...new Set(
    createApp(env as unknown as Env)
      .routes.filter(({ method, path }) => method !== 'ALL' && path.startsWith('/_eyrie/admin/'))
      .filter(({ method, path }) => OPERATIONS[`${method} ${path}`]?.isOpen !== true)
      .map(({ method, path }) => `${method} ${path}`),
  ),
];

const call = (route: string, token?: string) => {
  const [method = '', path = ''] = route.split(' ');
  const body = method === 'GET' ? {} : { body: {} };
  return ask(method, path.replaceAll(/:\w+/g, 'x'), { ...body, ...(token === undefined ? {} : { token }) });
};

test('every endpoint that is open to workspaces is there', () => {
  expect(routes).toEqual(expect.arrayContaining(OPEN));
});

test('the OpenAPI document marks those endpoints and no others', () => {
  const marked = Object.keys(OPERATIONS).filter((name) => OPERATIONS[name]?.isForWorkspaces === true);
  expect(marked.toSorted()).toEqual(OPEN.toSorted());
});

test.each(routes.filter((route) => !OPEN.includes(route)))('a workspace may not call %s', async (route) => {
  const { asToken } = await aWorkspace();
  expect(await call(route, asToken)).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
});

test.each(OPEN)('%s is closed to users, and to application services without eyrie.admin', async (route) => {
  const [{ token }, { asToken }] = [await aLoggedInUser(), await anAppservice()];
  for (const one of [token, asToken]) {
    expect(await call(route, one)).toMatchObject({ status: 403, body: { errcode: 'M_FORBIDDEN' } });
  }
  expect(await call(route)).toMatchObject({ status: 401, body: { errcode: 'M_MISSING_TOKEN' } });
  expect(await call(route, 'nonsense')).toMatchObject({ status: 401, body: { errcode: 'M_UNKNOWN_TOKEN' } });
  // It is let in, and told what is wrong with what it asks where something is.
  expect([200, 400, 404]).toContain((await call(route, (await aWorkspace()).asToken)).status);
});
