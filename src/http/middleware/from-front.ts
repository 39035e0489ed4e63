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

/** In a time that says nothing of where they differ; without buffers, since every request comes by here. */
export function sameSecret(given: string, expected: string): boolean {
  let difference = given.length ^ expected.length;
  for (let at = 0; at < expected.length; at += 1) difference |= given.charCodeAt(at) ^ expected.charCodeAt(at);
  return difference === 0;
}
