import type { Context } from 'hono';

import { notFound } from '../../matrix/error.ts';
import { contentDisposition } from '../../media/content-disposition.ts';
import { mayBeInline } from '../../media/content-type.ts';
import type { MediaDeps } from '../../media/ports.ts';

interface SentFile {
  readonly objectKey: string;
  readonly contentType: string;
  readonly fileName: string | undefined;
  readonly sizeBytes: number;
}

/**
 * A file as the second part of a multipart body, straight out of the store and always inline: some servers do not follow
 * a redirect. Its length is declared. Source: Server-Server API, "Content Repository".
 */
export async function mediaAnswer(
  c: Context,
  { files, randomName }: Pick<MediaDeps, 'files' | 'randomName'>,
  { objectKey, contentType, fileName, sizeBytes }: SentFile,
): Promise<Response> {
  const content = await files.read(objectKey);
  if (content === undefined) throw notFound('The content of this file is lost');
  const boundary = randomName();
  const disposition = contentDisposition(mayBeInline(contentType) ? 'inline' : 'attachment', fileName);
  const head = Buffer.from(
    `--${boundary}\r\nContent-Type: application/json\r\n\r\n{}` +
      `\r\n--${boundary}\r\nContent-Type: ${contentType}\r\nContent-Disposition: ${disposition}\r\n\r\n`,
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  const length = head.byteLength + sizeBytes + tail.byteLength;
  const { readable, writable } = new FixedLengthStream(length);
  c.executionCtx.waitUntil(send(writable, head, content, tail).catch(() => undefined));
  return new Response(readable, {
    headers: { 'Content-Type': `multipart/mixed; boundary=${boundary}`, 'Content-Length': String(length) },
  });
}

/** Breaks off where the reader goes away or the content is shorter than it should be. */
async function send(
  writable: WritableStream<Uint8Array>,
  head: Uint8Array,
  content: ReadableStream<Uint8Array>,
  tail: Uint8Array,
): Promise<void> {
  await write(writable, head);
  await content.pipeTo(writable, { preventClose: true });
  await write(writable, tail);
  await writable.close();
}

async function write(writable: WritableStream<Uint8Array>, bytes: Uint8Array): Promise<void> {
  const writer = writable.getWriter();
  try {
    await writer.write(bytes);
  } finally {
    writer.releaseLock();
  }
}
