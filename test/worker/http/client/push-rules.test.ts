import { expect, test } from 'vitest';

import { aLoggedInUser, ask, type TestUser } from '../../../support/worker/ask.ts';

const v3 = '/_matrix/client/v3';
const rules = `${v3}/pushrules/global`;

interface Rule {
  readonly rule_id: string;
}
type Ruleset = Record<string, Rule[]>;

async function syncOf({ token }: TestUser, since?: string) {
  const query = since === undefined ? '' : `?since=${encodeURIComponent(since)}`;
  const { body } = await ask('GET', `${v3}/sync${query}`, { token });
  const events = (body['account_data'] as { events: { type: string; content: { global: Ruleset } }[] } | undefined)
    ?.events;
  return {
    since: String(body['next_batch']),
    rules: events?.find(({ type }) => type === 'm.push_rules')?.content.global,
  };
}

test('a user who changed nothing has the predefined rules, in every answer that shows them', async () => {
  const user = await aLoggedInUser();
  const { token, userId } = user;
  const { body } = await ask('GET', `${v3}/pushrules/`, { token });
  const { global } = body as { global: Ruleset };
  expect(Object.keys(global).toSorted()).toEqual(['content', 'override', 'room', 'sender', 'underride']);
  expect(global['override']?.[0]?.rule_id).toBe('.m.rule.master');
  expect((await ask('GET', `${rules}/`, { token })).body).toEqual(global);
  expect((await ask('GET', `${v3}/user/${userId}/account_data/m.push_rules`, { token })).body).toEqual({ global });
  expect((await syncOf(user)).rules).toEqual(global);
});

test('a rule is added, read, changed, switched and removed, and each change is told in sync', async () => {
  const user = await aLoggedInUser();
  const { token } = user;
  const first = await syncOf(user);
  const path = `${rules}/content/cake`;
  const body = { pattern: 'cake*lie', actions: ['notify', { set_tweak: 'sound', value: 'bing' }] };
  expect(await ask('PUT', path, { token, body })).toMatchObject({ status: 200, body: {} });
  const rule = { rule_id: 'cake', default: false, enabled: true, ...body };
  expect((await ask('GET', path, { token })).body).toEqual(rule);
  const second = await syncOf(user, first.since);
  expect(second.rules?.['content']).toEqual([rule]);
  expect((await syncOf(user, second.since)).rules).toBeUndefined();
  await ask('PUT', `${path}/enabled`, { token, body: { enabled: false } });
  await ask('PUT', `${path}/actions`, { token, body: { actions: [] } });
  expect((await ask('GET', `${path}/enabled`, { token })).body).toEqual({ enabled: false });
  expect((await ask('GET', `${path}/actions`, { token })).body).toEqual({ actions: [] });
  expect(await ask('DELETE', path, { token })).toMatchObject({ status: 200, body: {} });
  expect(await ask('GET', path, { token })).toMatchObject({ status: 404, body: { errcode: 'M_NOT_FOUND' } });
  expect((await syncOf(user, second.since)).rules?.['content']).toEqual([]);
});

test.each([
  ['PUT', `${rules}/override/.mine`, { actions: [] }, '400 M_INVALID_PARAM'],
  ['PUT', `${rules}/override/a%2Fb`, { actions: [] }, '400 M_INVALID_PARAM'],
  ['PUT', `${rules}/override/a%5Cb`, { actions: [] }, '400 M_INVALID_PARAM'],
  ['PUT', `${rules}/nothing/a`, { actions: [] }, '400 M_INVALID_PARAM'],
  ['PUT', `${rules}/override/a`, {}, '400 M_MISSING_PARAM'],
  ['PUT', `${rules}/override/a`, { actions: [1] }, '400 M_BAD_JSON'],
  ['PUT', `${rules}/override/a`, { actions: [], conditions: ['x'] }, '400 M_BAD_JSON'],
  ['PUT', `${rules}/content/a`, { actions: [] }, '400 M_MISSING_PARAM'],
  ['PUT', `${rules}/override/a?before=none`, { actions: [] }, '400 M_UNKNOWN'],
  ['PUT', `${rules}/override/none/enabled`, { enabled: true }, '404 M_NOT_FOUND'],
  ['PUT', `${rules}/override/.m.rule.master/enabled`, { enabled: 'yes' }, '400 M_BAD_JSON'],
  ['DELETE', `${rules}/override/none`, undefined, '404 M_NOT_FOUND'],
  ['DELETE', `${rules}/override/.m.rule.master`, undefined, '400 M_INVALID_PARAM'],
])('%s %s of %o is refused', async (method, path, body, expected) => {
  const { token } = await aLoggedInUser();
  const answer = await ask(method, path, { token, body });
  expect(`${answer.status} ${String(answer.body['errcode'])}`).toBe(expected);
});

test('no more rules are taken than fit in one row', async () => {
  const { token } = await aLoggedInUser();
  const body = { pattern: 'x'.repeat(200_000), actions: [] };
  expect(await ask('PUT', `${rules}/content/a`, { token, body })).toMatchObject({ status: 200 });
  expect(await ask('PUT', `${rules}/content/b`, { token, body })).toMatchObject({ status: 413 });
});
