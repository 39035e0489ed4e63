import { timingSafeEqual } from 'node:crypto';

import type { MiddlewareHandler } from 'hono';

import { unrecognized } from '../../matrix/error.ts';

export const FRONT_SECRET_HEADER = 'eyrie-front-secret';

/**
 * Embedded, only the launcher's front may ask: the Worker's own socket believes whatever address and scheme a caller
 * claims. Without a secret in the configuration (a deployment) everybody may.
 */
export const fromFront =
  (secret: string | undefined): MiddlewareHandler =>
  async (c, next) => {
    if (secret !== undefined && !sameSecret(c.req.header(FRONT_SECRET_HEADER) ?? '', secret)) {
      throw unrecognized('Unrecognized request');
    }
    await next();
  };

export function sameSecret(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}
