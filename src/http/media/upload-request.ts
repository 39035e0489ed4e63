import type { Context } from 'hono';

import { invalidParam } from '../../matrix/error.ts';
import type { Upload } from '../../media/upload.ts';
import type { FromUser } from '../client/from-user.ts';

/** A file as a client sends it: the body as it is, which nobody has read yet. */
export function uploadOf(c: Context<FromUser>): Upload {
  return {
    userId: c.var.requester.userId,
    contentType: c.req.header('content-type'),
    fileName: c.req.query('filename'),
    sizeBytes: declaredBytes(c.req.header('content-length')),
    body: c.req.raw.body,
  };
}

function declaredBytes(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (!/^\d{1,15}$/.test(header)) throw invalidParam('Content-Length has to be a whole number');
  return Number(header);
}
