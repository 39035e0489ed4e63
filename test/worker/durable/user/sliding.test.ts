import { evictDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, expect, test, vi } from 'vitest';

import type { Env } from '../../../../src/config.ts';
import { shardClient } from '../../../../src/durable/user/client.ts';
import type { UserAccountRpc, UserSlidingRpc } from '../../../../src/durable/user/rpc.ts';
import type { UserId } from '../../../../src/matrix/ids/brands.ts';
import { nextMessage } from '../../../../src/wiring/sync-shard.ts';
import { logIn } from '../../../support/worker/ask.ts';
import { aClient, clientOf, idsOf, type Client } from '../../../support/worker/client.ts';
import { everything, sliderOf } from '../../../support/worker/sliding.ts';

const bindings = env as unknown as Env;

afterEach(() => {
  vi.restoreAllMocks();
});

const nameOf = ({ token }: Pick<Client, 'token'>) => token.split('_')[1] ?? '';
const stubOf = (client: Client) => bindings.USER.getByName(nameOf(client));
const shardOf = (client: Client) => stubOf(client) as unknown as UserSlidingRpc & UserAccountRpc;

/** Opens a wait of a device for what comes next. */
async function waitOf(client: Client, connId?: string): Promise<WebSocket> {
  const userId = client.userId as UserId;
  const shard = shardClient({ userShard: (name) => bindings.USER.getByName(name) })(nameOf(client));
  const { head: after } = await shard.movesAfter({ seq: Number.MAX_SAFE_INTEGER });
  const plan = { userId, deviceId: client.deviceId, since: after, fullState: false, includeLeave: true };
  return shard.wait({ after, plan, ...(connId === undefined ? {} : { connId }) });
}

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

test('connections of long names of two devices wait side by side', async () => {
  const alice = await aClient();
  const { body } = await logIn(alice.userId);
  const other = clientOf({ ...alice, token: String(body['access_token']), deviceId: String(body['device_id']) });
  const roomId = await alice.create();
  const wanted = { ...everything(), conn_id: 'c'.repeat(255) };
  const sliders = [sliderOf(alice), sliderOf(other)];
  for (const slider of sliders) await slider.until(wanted, ({ rooms }) => roomId in rooms);
  for (const slider of sliders) await slider.next(wanted);
  const polls = sliders.map((slider) => slider.next(wanted, { timeout: '60000' }));
  const said = await alice.say(roomId, 'both of you');
  for (const { rooms } of await Promise.all(polls)) expect(idsOf(rooms[roomId]?.timeline)).toEqual([said]);
});

test('a sliding sync that waits is told that there is something, and of presence not even that', async () => {
  const alice = await aClient();
  const [classic, sliding] = [await waitOf(alice), await waitOf(alice, 'c')];
  const [told, woken] = [nextMessage(classic, 10_000), nextMessage(sliding, 10_000)];
  const status = `/presence/${encodeURIComponent(alice.userId)}/status`;
  expect(await alice.ask('PUT', status, { presence: 'unavailable' })).toMatchObject({ status: 200 });
  expect(JSON.parse(String(await told))).toMatchObject({ presence: [{ presence: 'unavailable' }] });
  expect(sliding.readyState).toBe(WebSocket.OPEN);
  expect(await nextMessage(await waitOf(alice, 'd'), 1)).toBe(undefined);
  await alice.ask('PUT', `/user/${alice.userId}/account_data/org.example`, { a: 1 });
  expect(await woken).toBe('');
});

test('who waits by sliding sync stays present when the shard is evicted meanwhile', async () => {
  const alice = await aClient();
  const status = async () =>
    (await alice.ask('GET', `/presence/${encodeURIComponent(alice.userId)}/status`)).body['presence'];
  const slider = sliderOf(alice);
  await slider.next(everything());
  await slider.next(everything());
  const poll = slider.next(everything(), { timeout: '60000' });
  expect(await status()).toBe('online');
  await evictDurableObject(stubOf(alice));
  expect(await status()).toBe('online');
  const now = Date.now();
  vi.spyOn(Date, 'now').mockReturnValue(now + 40_000);
  expect(await status()).toBe('online');
  vi.restoreAllMocks();
  const roomId = await alice.create();
  expect((await poll).rooms).toHaveProperty([roomId]);
});
