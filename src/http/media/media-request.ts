import type { Context } from 'hono';

import { invalidParam, notFound } from '../../matrix/error.ts';
import { parseMediaId, type MediaName } from '../../matrix/ids/mxc.ts';
import { parseServerName } from '../../matrix/ids/server-name.ts';
import type { Background } from '../../media/ports.ts';

/** Which file a path names: what is no name of one is no file either. */
export function mediaNameOf(serverName: string, id: string): MediaName {
  const [server, mediaId] = [parseServerName(serverName), parseMediaId(id)];
  if (!server.ok || !mediaId.ok) throw notFound('There is no such file');
  return { server: server.value, mediaId: mediaId.value };
}

/** The query parameter `timeout_ms`. */
export function waitMsOf(c: Context): number | undefined {
  return wholeNumber(c, 'timeout_ms');
}

export function wholeNumber(c: Context, name: string): number | undefined {
  const text = c.req.query(name);
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw invalidParam(`${name} has to be a whole number`);
  return Number(text);
}

export const backgroundOf =
  (c: Context): Background =>
  (work) =>
    c.executionCtx.waitUntil(work.catch(() => undefined));
