import { runInDurableObject } from 'cloudflare:test';
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
  vi.spyOn(bindings.DB, 'prepare').mockImplementation(() => {
    throw new Error('D1 is down');
  });
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
