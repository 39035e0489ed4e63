import type { MiddlewareHandler } from 'hono';

import type { FromUser, Requester } from '../client/from-user.ts';

/** That somebody is active is noted this often: what others see of it is no finer. */
const NOTED_MS = 30_000;
const MAX_NOTED = 10_000;

/**
 * Notes that the user did something, beside the request and never instead of it. Stands behind `requireUser`.
 * Source: Client-Server API, "Last active ago".
 */
export function noteActivity(
  note: (requester: Requester) => Promise<void>,
  now: () => number,
): MiddlewareHandler<FromUser> {
  const noted = new Map<string, number>();
  return async (c, next) => {
    const { requester } = c.var;
    if (now() - (noted.get(requester.userId) ?? -Infinity) >= NOTED_MS) {
      noted.delete(requester.userId);
      noted.set(requester.userId, now());
      const [oldest] = noted.keys();
      if (noted.size > MAX_NOTED && oldest !== undefined) noted.delete(oldest);
      // Without this the platform would drop it with the answer.
      c.executionCtx.waitUntil(note(requester).catch(() => {}));
    }
    await next();
  };
}
