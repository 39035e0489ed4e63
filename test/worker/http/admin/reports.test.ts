import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import { aLoggedInUser, anAdministrator, ask, type TestUser } from '../../../support/worker/ask.ts';
import { aClient } from '../../../support/worker/client.ts';

const PATH = '/_eyrie/admin/v1/reports';
const { DB } = env as unknown as { DB: D1Database };

interface Report {
  readonly id: number;
  readonly reporter: string;
}

const pageOf = async ({ token }: TestUser, query = '') => {
  const { status, body } = await ask('GET', `${PATH}${query}`, { token });
  expect(status).toBe(200);
  return body as unknown as { readonly reports: readonly Report[]; readonly next?: string };
};
const reportsBy = async (admin: TestUser, reporter: string) =>
  (await pageOf(admin)).reports.filter((report) => report.reporter === reporter);

test('only administrators see reports', async () => {
  const { token } = await aLoggedInUser();
  for (const [method, path] of [
    ['GET', PATH],
    ['GET', `${PATH}/1`],
    ['DELETE', `${PATH}/1`],
  ] as const) {
    expect(await ask(method, path)).toMatchObject({ status: 401 });
    expect(await ask(method, path, { token })).toMatchObject({ status: 403 });
  }
});

test('an event is reported by who is in the room and sees it, with what it said', async () => {
  const [admin, alice, bob] = [await anAdministrator(), await aClient('alice'), await aClient('bob')];
  const roomId = await alice.create();
  const eventId = await alice.say(roomId, 'something bad');
  const path = `report/${encodeURIComponent(eventId)}`;
  const hidden = { status: 404, body: { errcode: 'M_NOT_FOUND' } };
  expect(await bob.inRoom('POST', roomId, path, { reason: 'bad' })).toMatchObject(hidden);
  await bob.join(roomId);
  expect(await bob.inRoom('POST', roomId, 'report/$unknown', {})).toMatchObject(hidden);
  expect(await bob.inRoom('POST', '!nothing:elsewhere.test', path, {})).toMatchObject(hidden);
  expect(await bob.inRoom('POST', roomId, path, { reason: 'bad', score: -100 })).toMatchObject({
    status: 200,
    body: {},
  });
  await alice.inRoom('PUT', roomId, `redact/${eventId}/1`, {});
  const [report, ...others] = await reportsBy(admin, bob.userId);
  expect(others).toEqual([]);
  const told = {
    id: expect.any(Number),
    ts: expect.any(Number),
    reporter: bob.userId,
    room_id: roomId,
    event_id: eventId,
    user_id: alice.userId,
    reason: 'bad',
  };
  expect(report).toEqual(told);
  const { token } = admin;
  expect((await ask('GET', `${PATH}/${report?.id}`, { token })).body).toEqual({
    ...told,
    event: expect.objectContaining({ content: { msgtype: 'm.text', body: 'something bad' } }),
  });
  await bob.inRoom('POST', roomId, 'leave', {});
  expect(await bob.inRoom('POST', roomId, path, { reason: 'bad' })).toMatchObject(hidden);
});

test('rooms and users are reported by anybody, and the same again replaces it', async () => {
  const [admin, bob, eve] = [await anAdministrator(), await aClient('bob'), await aClient('eve')];
  const roomId = await eve.create({ preset: 'private_chat' });
  const done = { status: 200, body: {} };
  expect(await bob.inRoom('POST', roomId, 'report', { reason: '' })).toMatchObject(done);
  expect(await bob.inRoom('POST', '!room:elsewhere.test', 'report', { reason: 'bad' })).toMatchObject(done);
  for (const reason of ['bad', 'very bad']) {
    expect(await bob.ask('POST', `/users/${encodeURIComponent(eve.userId)}/report`, { reason })).toMatchObject(done);
  }
  expect(await bob.ask('POST', '/users/@eve:elsewhere.test/report', { reason: 'bad' })).toMatchObject(done);
  const reports = await reportsBy(admin, bob.userId);
  expect(reports).toMatchObject([
    { user_id: '@eve:elsewhere.test', room_id: null, event_id: null },
    { user_id: eve.userId, reason: 'very bad' },
    { room_id: '!room:elsewhere.test', user_id: null },
    { room_id: roomId, reason: '' },
  ]);
  const { token } = admin;
  expect((await ask('GET', `${PATH}/${reports[0]?.id}`, { token })).body).toMatchObject({ event: null });
});

test('what cannot be a report is refused', async () => {
  const [bob, eve] = [await aClient('bob'), await aClient('eve')];
  const user = (id: string) => `/users/${encodeURIComponent(id)}/report`;
  expect(await bob.ask('POST', user(eve.userId), {})).toMatchObject({
    status: 400,
    body: { errcode: 'M_MISSING_PARAM' },
  });
  expect(await bob.ask('POST', user(eve.userId), { reason: 1 })).toMatchObject({
    status: 400,
    body: { errcode: 'M_BAD_JSON' },
  });
  const invalid = { status: 400, body: { errcode: 'M_INVALID_PARAM' } };
  expect(await bob.ask('POST', user(eve.userId), { reason: 'x'.repeat(2_001) })).toMatchObject(invalid);
  expect(await bob.ask('POST', user('nobody'), { reason: '' })).toMatchObject(invalid);
  const server = bob.userId.slice(bob.userId.indexOf(':'));
  expect(await bob.ask('POST', user(`@nobody-${crypto.randomUUID()}${server}`), { reason: '' })).toMatchObject({
    status: 404,
  });
});

test('reports come page by page and are closed, which the audit log says', async () => {
  const [admin, bob] = [await anAdministrator(), await aClient('bob')];
  for (let n = 0; n < 5; n += 1) await bob.inRoom('POST', `!room${n}:elsewhere.test`, 'report', { reason: '' });
  const all = await reportsBy(admin, bob.userId);
  const first = await pageOf(admin, '?limit=2');
  const second = await pageOf(admin, `?limit=2&from=${first.next}`);
  expect([...first.reports, ...second.reports]).toEqual(all.slice(0, 4));
  const { token } = admin;
  const path = `${PATH}/${all[0]?.id}`;
  expect(await ask('DELETE', path, { token })).toMatchObject({ status: 200, body: {} });
  expect(await ask('DELETE', path, { token })).toMatchObject({ status: 404 });
  expect(await ask('GET', path, { token })).toMatchObject({ status: 404 });
  expect(await reportsBy(admin, bob.userId)).toEqual(all.slice(1));
  const log = await DB.prepare('select action, detail from audit_log where user_id = ?').bind(admin.userId).all();
  expect(log.results).toEqual([{ action: 'report_closed', detail: JSON.stringify({ id: all[0]?.id }) }]);
  for (const query of ['?from=x', '?limit=0']) {
    expect(await ask('GET', `${PATH}${query}`, { token })).toMatchObject({ status: 400 });
  }
  expect(await ask('GET', `${PATH}/x`, { token })).toMatchObject({ status: 400 });
});

test('who has many reports open must wait, but may change those that are there', async () => {
  const bob = await aClient('bob');
  await bob.inRoom('POST', '!room0:elsewhere.test', 'report', { reason: '' });
  await DB.prepare(
    `insert into reports (ts, reporter, room_id, event_id, user_id, reason)
     with recursive n(i) as (select 1 union all select i + 1 from n where i < 499)
     select 1, ?, '!room' || i || ':elsewhere.test', '', '', '' from n`,
  )
    .bind(bob.userId)
    .run();
  expect(await bob.inRoom('POST', '!another:elsewhere.test', 'report', { reason: '' })).toMatchObject({
    status: 429,
    body: { errcode: 'M_LIMIT_EXCEEDED' },
  });
  expect(await bob.inRoom('POST', '!room0:elsewhere.test', 'report', { reason: 'x' })).toMatchObject({ status: 200 });
});
