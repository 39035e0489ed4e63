import { exports } from 'cloudflare:workers';

import { ask, type TestUser } from './ask.ts';

const worker = exports as unknown as { default: Fetcher };

/** Bytes that are not all alike, so that a part of them is not taken for another. */
export function someBytes(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => (index * 7 + (index >> 8)) % 256);
}

export interface UploadOptions {
  readonly contentType?: string;
  readonly query?: string;
  readonly path?: string;
  readonly method?: string;
}

/** Sends a body as it is; a stream has no Content-Length. */
export function upload(
  { token }: Pick<TestUser, 'token'>,
  body: BodyInit,
  { contentType, query = '', path = '/_matrix/media/v3/upload', method = 'POST' }: UploadOptions = {},
): Promise<Response> {
  return worker.default.fetch(`https://eyrie.test${path}${query}`, {
    method,
    body,
    headers: {
      authorization: `Bearer ${token}`,
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
    },
  });
}

/** Uploads a file. @returns `server/mediaId` of its `mxc://` URI. */
export async function uploaded(user: TestUser, body: BodyInit, options: UploadOptions = {}): Promise<string> {
  const response = await upload(user, body, options);
  const answer: { content_uri?: string } = await response.json();
  if (response.status !== 200 || answer.content_uri === undefined) throw new Error(JSON.stringify(answer));
  return answer.content_uri.slice('mxc://'.length);
}

/** Asks for something of a file, below `/_matrix/client/v1/media/`. */
export function getMedia(
  { token }: Pick<TestUser, 'token'>,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Response> {
  return worker.default.fetch(`https://eyrie.test/_matrix/client/v1/media/${path}`, {
    method,
    headers: { ...headers, authorization: `Bearer ${token}` },
  });
}

/** The status and the errcode of a refusal. */
export async function refusal(response: Response): Promise<readonly [status: number, errcode: unknown]> {
  const body: { errcode?: unknown } = await response.json();
  return [response.status, body.errcode];
}

export async function changeSettings(admin: TestUser, settings: Record<string, unknown>): Promise<void> {
  const { status } = await ask('PUT', '/_eyrie/admin/v1/settings', { token: admin.token, body: { settings } });
  if (status !== 200) throw new Error(`the settings were not changed: ${status}`);
}
