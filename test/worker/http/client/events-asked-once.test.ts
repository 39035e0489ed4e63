import { Hono, type MiddlewareHandler } from 'hono';
import { expect, test } from 'vitest';

import { getEvents } from '../../../../src/http/client/get-events.ts';
import { peekEvents } from '../../../../src/http/client/peek-events.ts';

/** Both endpoints of the path, as the app has them, and how often they ask who it is. */
function anApp() {
  let asked = 0;
  const requireUser: MiddlewareHandler = async (c, next) => {
    asked += 1;
    c.set('requester', { userId: '@alice:ours.test', deviceId: 'A', shard: 'one' });
    await next();
  };
  const deps = { requireUser } as unknown as Parameters<typeof peekEvents>[0] & Parameters<typeof getEvents>[0];
  const app = new Hono()
    .onError((_error, c) => c.body(null, 400))
    .route('/', peekEvents(deps))
    .route('/', getEvents(deps));
  return { ask: (query: string) => app.request(`/_matrix/client/v3/events${query}`), asked: () => asked };
}

test.each(['?from=no-token', '?room_id=no-room'])('who asks for events by %s is looked up once', async (query) => {
  const { ask, asked } = anApp();
  expect((await ask(query)).status).toBe(400);
  expect(asked()).toBe(1);
});
