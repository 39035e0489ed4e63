import { Hono } from 'hono';
import { expect, test } from 'vitest';

import { noteActivity } from '../../../../src/http/middleware/note-activity.ts';
import type { FromUser } from '../../../../src/http/client/from-user.ts';
import { alice } from '../../../support/worker/a-rooms-app.ts';

test('what is noted of a request goes on after its answer, once in half a minute, and never fails it', async () => {
  let now = 0;
  const noted: string[] = [];
  const goingOn: Promise<unknown>[] = [];
  const context = {
    waitUntil: (work: Promise<unknown>) => void goingOn.push(work),
    passThroughOnException: () => {},
    props: {},
  };
  const note = async (userId: string) => {
    noted.push(userId);
    throw new Error('the shard is away');
  };
  const app = new Hono<FromUser>()
    .use(async (c, next) => {
      c.set('requester', alice);
      await next();
    })
    .get(
      '/',
      noteActivity(
        ({ userId }) => note(userId),
        () => now,
      ),
      (c) => c.text('said'),
    );
  const say = async () => (await app.request('/', {}, {}, context)).text();
  expect([await say(), await say()]).toEqual(['said', 'said']);
  expect([noted, goingOn.length]).toEqual([[alice.userId], 1]);
  now = 30_000;
  expect(await say()).toBe('said');
  expect(goingOn).toHaveLength(2);
  await Promise.all(goingOn);
});
