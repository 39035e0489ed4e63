import { allow, deny, type Result } from '../matrix/result.ts';
import { BodyBroken, TimedOut, chunksOf, discardBody, reasonOf, withTimeout, type HttpFetch } from './http-fetch.ts';
import { isPrivateUrl } from './private-address.ts';

const MAX_REDIRECTS = 5;
/** A body may pause this long between two pieces. */
const MAX_SILENCE_MS = 20_000;

export interface PublicRequest {
  readonly url: string;
  readonly protocols: readonly ('https:' | 'http:')[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Until the answer begins, redirects included. */
  readonly timeoutMs: number;
  /** The most that is read of the body. */
  readonly maxBytes: number;
}

export interface PublicAnswer {
  /** After the redirects. */
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  /** The body as it arrives; breaks off with an error beyond the size or after a silence. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** `status` is that of an answer that is none of 2xx. */
export interface PublicFailure {
  readonly reason: string;
  readonly status?: number;
}

/**
 * Gets a URL that somebody else named, on the public internet only: each hop of a redirect is looked at anew. What `read`
 * throws is thrown on, except for what the body's end caused.
 */
export type FetchPublic = <T>(
  request: PublicRequest,
  read: (answer: PublicAnswer) => Promise<T>,
) => Promise<Result<T, PublicFailure>>;

export function createPublicFetch(options: {
  readonly fetch: HttpFetch;
  readonly allowPrivateAddresses: boolean;
}): FetchPublic {
  return async (request, read) => {
    const controller = new AbortController();
    try {
      const opened = await withTimeout(request.timeoutMs, async (late) => {
        late.addEventListener('abort', () => controller.abort());
        return follow(request, options, controller.signal);
      });
      if (!opened.ok) return opened;
      const { response, url } = opened.value;
      const chunks = chunksOf(response, { maxBytes: request.maxBytes, silenceMs: MAX_SILENCE_MS });
      return allow(await read({ url, status: response.status, headers: response.headers, chunks }));
    } catch (error) {
      if (error instanceof BodyBroken) return deny({ reason: reasonOf(error.cause) });
      if (error instanceof TimedOut) return deny({ reason: error.message });
      throw error;
    } finally {
      controller.abort();
    }
  };
}

async function follow(
  { url: first, protocols, headers = {} }: PublicRequest,
  { fetch, allowPrivateAddresses }: Parameters<typeof createPublicFetch>[0],
  signal: AbortSignal,
): Promise<Result<{ readonly url: URL; readonly response: Response }, PublicFailure>> {
  let url = URL.parse(first);
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    if (url === null || !protocols.includes(url.protocol as 'https:')) return deny({ reason: 'no URL of a web page' });
    if (url.username !== '' || url.password !== '') return deny({ reason: 'a URL with a password' });
    if (!allowPrivateAddresses && isPrivateUrl(url)) return deny({ reason: `${url.host} is a private address` });
    let response: Response;
    try {
      response = await fetch(url.href, { redirect: 'manual', signal, headers });
    } catch (error) {
      return deny({ reason: reasonOf(error) });
    }
    const location = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await discardBody(response);
      url = URL.parse(location, url.href);
      continue;
    }
    if (response.ok) return allow({ url, response });
    await discardBody(response);
    return deny({ reason: `status ${response.status}`, status: response.status });
  }
  return deny({ reason: `more than ${MAX_REDIRECTS} redirects` });
}
