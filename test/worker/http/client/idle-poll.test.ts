import { expect, test } from 'vitest';

import { ask } from '../../../support/worker/ask.ts';
import { aClient } from '../../../support/worker/client.ts';

test('the first user of a shard, where nothing has happened yet, waits for news as everybody does', async () => {
  // The tests give a shard few accounts: one of these is the first.
  for (const name of ['one', 'two', 'three']) {
    const client = await aClient(name);
    const { next_batch: since } = await client.sync();
    const answer = await ask('GET', `/_matrix/client/v3/sync?since=${since}&timeout=1`, { token: client.token });
    expect(answer.body).not.toHaveProperty('account_data');
    expect(answer.body['next_batch']).toBe(since);
  }
});
