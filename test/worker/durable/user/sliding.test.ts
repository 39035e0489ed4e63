import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import type { Env } from '../../../../src/config.ts';
import type { UserAccountRpc, UserSlidingRpc } from '../../../../src/durable/user/rpc.ts';
import type { UserId } from '../../../../src/matrix/ids/brands.ts';
import { aClient, type Client } from '../../../support/worker/client.ts';

const bindings = env as unknown as Env;

const shardOf = ({ token }: Pick<Client, 'token'>) =>
  bindings.USER.getByName(token.split('_')[1] ?? '') as unknown as UserSlidingRpc & UserAccountRpc;

test('a commit that came too late is answered so again when it is repeated', async () => {
  const alice = await aClient();
  const { userId, deviceId } = alice;
  const connection = { userId: userId as UserId, deviceId, connId: '', pos: undefined };
  const extensions = { accountData: undefined, receipts: undefined, typing: undefined };
  const newer = { ...connection, request: 'newer', isFirst: true, lists: [], subscriptions: [], extensions };
  await shardOf(alice).slidingPlan(newer);
  const answer = { newConnection: 'c', seq: 1, accountSeq: undefined, rooms: [] };
  const late = { ...connection, ...answer, request: 'older', opId: crypto.randomUUID() };
  for (let time = 0; time < 2; time += 1) {
    expect(await shardOf(alice).slidingCommit(late)).toEqual({ ok: true, value: undefined });
  }
});

test('an unknown session that is ended is unknown when that is repeated', async () => {
  const alice = await aClient();
  const call = { hash: 'nobody', opId: crypto.randomUUID() };
  for (let time = 0; time < 2; time += 1) {
    expect(await shardOf(alice).endSession(call)).toEqual({ ok: true, value: undefined });
  }
});
