import type { Context } from 'hono';

import { notFound } from '../../matrix/error.ts';
import { requestedRange } from '../../media/byte-range.ts';
import type { Media } from '../../media/find-media.ts';
import type { MediaFiles } from '../../media/ports.ts';
import { contentHeaders } from './content-headers.ts';

/** A file, or the part of it that is asked for, straight out of the store. Source: RFC 9110, sections 13 and 14. */
export async function contentAnswer(
  c: Context,
  files: Pick<MediaFiles, 'read'>,
  file: Pick<Media, 'objectKey' | 'contentType' | 'fileName' | 'sizeBytes'>,
): Promise<Response> {
  const { objectKey, sizeBytes } = file;
  const etag = `"${objectKey.slice(objectKey.lastIndexOf('/') + 1)}"`;
  const headers = contentHeaders({ ...file, etag });
  if (matches(c.req.header('if-none-match'), etag)) return new Response(null, { status: 304, headers });
  const condition = c.req.header('if-range');
  const isCurrent = condition === undefined || condition === etag;
  const range = isCurrent ? requestedRange(c.req.header('range'), sizeBytes) : undefined;
  if (range === 'unsatisfiable') {
    return new Response(null, { status: 416, headers: { ...headers, 'Content-Range': `bytes */${sizeBytes}` } });
  }
  const length = range?.length ?? sizeBytes;
  // A HEAD request arrives here as GET: what nobody reads is not opened.
  const isHead = c.req.raw.method === 'HEAD';
  const body = isHead ? null : await files.read(objectKey, range);
  if (body === undefined) throw notFound('The content of this file is lost');
  return new Response(body, {
    status: range === undefined ? 200 : 206,
    headers: {
      ...headers,
      'Content-Length': String(length),
      ...(range === undefined
        ? {}
        : { 'Content-Range': `bytes ${range.offset}-${range.offset + range.length - 1}/${sizeBytes}` }),
    },
  });
}

function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((tag) => ['*', etag, `W/${etag}`].includes(tag.trim()));
}
