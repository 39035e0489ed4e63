import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { Env } from '../../../src/config.ts';
import type { AppserviceRpc } from '../../../src/durable/appservice/rpc.ts';
import { aReceivingAppservice, stubAppservices } from '../../support/worker/a-receiving-appservice.ts';
import type { TestAppservice } from '../../support/worker/an-appservice.ts';

const bindings = env as unknown as Env;

beforeEach(stubAppservices);
afterEach(() => vi.restoreAllMocks());

const stubOf = ({ id }: Pick<TestAppservice, 'id'>) => bindings.APPSERVICE.getByName(id);
const rpcOf = (appservice: Pick<TestAppservice, 'id'>) => stubOf(appservice) as unknown as AppserviceRpc;

const cursorsOf = (appservice: Pick<TestAppservice, 'id'>) =>
  runInDurableObject(stubOf(appservice), (_instance, { storage }) =>
    storage.sql.exec('select shard, head from shard_cursors where shard = ?', 'a shard').toArray(),
  );

const d1IsDown = () =>
  vi.spyOn(bindings.DB, 'prepare').mockImplementation(() => {
    throw new Error('D1 is down');
  });

/** Everything is due now, as it is after a time. */
async function timePasses(appservice: Pick<TestAppservice, 'id'>): Promise<void> {
  await runInDurableObject(stubOf(appservice), (_instance, { storage }) => {
    storage.sql.exec(`update meta set value = json_set(value, '$.until', 0) where key = 'health'`);
    storage.sql.exec('update duties set at = 0 where at is not null');
  });
  await runDurableObjectAlarm(stubOf(appservice));
}

/** As another isolate makes one: what is known here is from before it. */
async function registeredElsewhere(like: TestAppservice): Promise<Pick<TestAppservice, 'id'>> {
  const id = `as-${crypto.randomUUID().slice(0, 8)}`;
  await bindings.DB.prepare(
    `insert into appservices (id, as_token_hash, wrapped_hs_token, registration, updated_ts)
     select ?, ?, wrapped_hs_token, json_set(registration, '$.id', ?), updated_ts from appservices where id = ?`,
  )
    .bind(id, crypto.randomUUID(), id, like.id)
    .run();
  return { id };
}

test('what waits for one that was registered in another isolate is kept, though it is not known here yet', async () => {
  const elsewhere = await registeredElsewhere(await aReceivingAppservice());
  await rpcOf(elsewhere).moved({ id: elsewhere.id, shard: 'a shard', head: 5 });
  await rpcOf(elsewhere).retry(elsewhere);
  expect(await cursorsOf(elsewhere)).toEqual([{ shard: 'a shard', head: 5 }]);
});

test('what waits is kept where D1 cannot tell whether it is registered', async () => {
  const elsewhere = await registeredElsewhere(await aReceivingAppservice());
  d1IsDown();
  await rpcOf(elsewhere).moved({ id: elsewhere.id, shard: 'a shard', head: 5 });
  await rpcOf(elsewhere).retry(elsewhere);
  expect(await cursorsOf(elsewhere)).toEqual([{ shard: 'a shard', head: 5 }]);
});

test('what waits for one that D1 says is not registered goes', async () => {
  const gone = { id: `as-${crypto.randomUUID().slice(0, 8)}` };
  await rpcOf(gone).moved({ id: gone.id, shard: 'a shard', head: 5 });
  await rpcOf(gone).retry(gone);
  await expect(cursorsOf(gone)).rejects.toThrow('no such table');
});

test('what waits goes on by itself once D1 answers again, however long it did not', async () => {
  const elsewhere = await registeredElsewhere(await aReceivingAppservice());
  const down = d1IsDown();
  await rpcOf(elsewhere).moved({ id: elsewhere.id, shard: 'a shard', head: 5 });
  for (let n = 0; n < 7; n += 1) await timePasses(elsewhere);
  const backlog = await rpcOf(elsewhere).backlog(elsewhere);
  expect(backlog).toMatchObject({
    ok: true,
    value: { lastError: expect.stringContaining('D1 is down'), until: expect.any(Number) },
  });
  const { attempts } = backlog.ok ? backlog.value : { attempts: 0 };
  expect(attempts).toBeGreaterThan(6);
  down.mockRestore();
  await timePasses(elsewhere);
  expect(await rpcOf(elsewhere).backlog(elsewhere)).toMatchObject({ ok: true, value: { attempts: 0 } });
});
