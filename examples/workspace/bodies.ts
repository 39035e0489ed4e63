import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Content } from './workspace.ts';

/** A request that the workspace itself refuses. */
export class BadRequest extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** A part of a path, without its percent-encoding. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new BadRequest(400, 'The path is not percent-encoded as it has to be.');
  }
}

export async function bytesOf(request: IncomingMessage, largest: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largest) throw new BadRequest(413, `At most ${largest} bytes.`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

export async function jsonOf(request: IncomingMessage, largest: number): Promise<Content> {
  const text = Buffer.from(await bytesOf(request, largest)).toString();
  try {
    const value: unknown = text === '' ? {} : JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Content;
  } catch {
    // said below
  }
  throw new BadRequest(400, 'The body is no JSON object.');
}

export function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
