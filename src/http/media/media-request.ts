import type { Context } from 'hono';

import { invalidParam, notFound } from '../../matrix/error.ts';
import { parseMediaId, type MediaName } from '../../matrix/ids/mxc.ts';
import { parseServerName } from '../../matrix/ids/server-name.ts';
import type { Background } from '../../media/ports.ts';

const PEER_WAIT_MS = 20_000;
const PEER_SHARE = 0.75;

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

/** The same of another server, which gives up just then and would take us for down: it is answered earlier. */
export function peerWaitMsOf(c: Context): number {
  return Math.min(waitMsOf(c) ?? PEER_WAIT_MS, PEER_WAIT_MS) * PEER_SHARE;
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
