import { parseServerName } from '../matrix/ids/server-name.ts';
import type { ServerName } from '../matrix/ids/brands.ts';
import { deny, allow, type Result } from '../matrix/result.ts';
import { isPrivateUrl } from './private-address.ts';
import { discardBody, readCapped, reasonOf, withTimeout, type HttpFetch } from './http-fetch.ts';

const DEFAULT_CACHE_MS = 24 * 3_600_000;
const MAX_CACHE_MS = 48 * 3_600_000;
/** Without a lower bound a peer could make us ask before every request. */
const MIN_CACHE_MS = 60_000;
const MAX_REDIRECTS = 5;
const MAX_BODY_BYTES = 65_536;

export interface Delegation {
  readonly server: ServerName;
  readonly cacheMs: number;
}

export interface WellKnownOptions {
  readonly fetch: HttpFetch;
  readonly allowPrivateAddresses: boolean;
  readonly stepTimeoutMs: number;
}

/**
 * Asks `https://<host>/.well-known/matrix/server`. Each hop has `stepTimeoutMs` and its address is checked anew.
 * @returns the delegated server name and for how long it may be cached, or why there is none.
 * Source: Server-Server API, "Resolving server names", step 3.
 */
export async function fetchWellKnown(host: string, options: WellKnownOptions): Promise<Result<Delegation, string>> {
  // A server name may be no host of a URL: `999.9`, which would be an IPv4 address.
  const first = URL.parse(`https://${host}/.well-known/matrix/server`);
  if (first === null) return deny('the name is no host of a URL');
  let url: URL = first;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    if (!options.allowPrivateAddresses && isPrivateUrl(url)) return deny(`${url.host} is a private address`);
    let answer: Answer;
    try {
      answer = await withTimeout(options.stepTimeoutMs, (signal) => ask(url, options.fetch, signal));
    } catch (error) {
      return deny(reasonOf(error));
    }
    if (answer.location === undefined) return readDelegation(answer);
    const next = URL.parse(answer.location, url.href);
    if (next === null || next.protocol !== 'https:') return deny('redirected to something that is not https');
    url = next;
  }
  return deny(`more than ${MAX_REDIRECTS} redirects`);
}

interface Answer {
  readonly status: number;
  /** Where a 30x points to. */
  readonly location: string | undefined;
  readonly cacheMs: number;
  readonly text: string;
}

async function ask(url: URL, fetch: HttpFetch, signal: AbortSignal): Promise<Answer> {
  const response = await fetch(url.href, { redirect: 'manual', signal, headers: { Accept: 'application/json' } });
  const { status, headers } = response;
  const location = status >= 300 && status < 400 ? (headers.get('location') ?? undefined) : undefined;
  if (status !== 200) {
    await discardBody(response);
    return { status, location, cacheMs: 0, text: '' };
  }
  const text = new TextDecoder().decode(await readCapped(response, MAX_BODY_BYTES));
  return { status, location, cacheMs: cacheTimeMs(headers), text };
}

function readDelegation({ status, text, cacheMs }: Answer): Result<Delegation, string> {
  if (status !== 200) return deny(`status ${status}`);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return deny('not JSON');
  }
  const name = typeof body === 'object' && body !== null && 'm.server' in body ? body['m.server'] : undefined;
  const server = typeof name === 'string' ? parseServerName(name) : undefined;
  if (server?.ok !== true) return deny('m.server is not a server name');
  return allow({ server: server.value, cacheMs });
}

/** For how long an answer may be cached, from its headers. Source: RFC 9111, sections 4.2.1 and 5.2.2. */
function cacheTimeMs(headers: Headers): number {
  const directives = (headers.get('cache-control') ?? '').toLowerCase();
  if (/\bno-(?:store|cache)\b/.test(directives)) return MIN_CACHE_MS;
  const maxAge = /\bmax-age="?(\d+)/.exec(directives)?.[1];
  if (maxAge !== undefined) return clamp(Number(maxAge) * 1000);
  const [expires, date] = [Date.parse(headers.get('expires') ?? ''), Date.parse(headers.get('date') ?? '')];
  if (!Number.isNaN(expires) && !Number.isNaN(date)) return clamp(expires - date);
  return DEFAULT_CACHE_MS;
}

function clamp(cacheMs: number): number {
  return Math.min(Math.max(cacheMs, MIN_CACHE_MS), MAX_CACHE_MS);
}
