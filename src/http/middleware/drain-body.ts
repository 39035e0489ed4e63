import type { MiddlewareHandler } from 'hono';

/** More than anybody may upload: whoever sends on is cut off. */
const MAX_DRAINED_BYTES = 600 * 1024 * 1024;

/**
 * Reads what a refusal left of a body. workerd closes the connection of a body that nobody read, while the front still
 * writes to it: the answer, which was sent before, would be lost, and the client told 502 instead of why. Only for the
 * embedded server; the edge of the platform takes the whole body first.
 */
export const drainBody = (): MiddlewareHandler => async (c, next) => {
  await next();
  const { body, bodyUsed } = c.req.raw;
  if (body === null || body.locked || (bodyUsed && c.res.status < 400)) return;
  let left = MAX_DRAINED_BYTES;
  try {
    for await (const chunk of body) {
      left -= chunk.byteLength;
      if (left < 0) return;
    }
  } catch {
    // The client is gone, or the body was given up on purpose: there is nothing left to read.
  }
};
