import type { SigningKey } from '../matrix/crypto/ed25519.ts';
import { buildXMatrix } from '../matrix/crypto/x-matrix.ts';
import type { ServerName } from '../matrix/ids/brands.ts';
import { canonicalJson } from '../matrix/json/canonical-json.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../matrix/json/json-value.ts';
import { parseJson } from '../matrix/json/strict-json.ts';
import { allow, deny, type Result } from '../matrix/result.ts';
import type { Discovery } from './discovery.ts';
import type { FederationFailure } from './failure.ts';
import {
  BodyBroken,
  BodyTooLarge,
  TimedOut,
  chunksOf,
  readCapped,
  reasonOf,
  withTimeout,
  type HttpFetch,
} from './http-fetch.ts';
import { policyRefusal, type FederationPolicy } from './policy.ts';

/** The most of an error's body that is read for its errcode. */
const MAX_ERROR_BYTES = 65_536;
const MAX_ERROR_TEXT = 512;

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_BYTES = 10 * 1024 * 1024;
/** An answer that is read as a stream may pause this long between two pieces. */
const MAX_SILENCE_MS = 60_000;

export interface FederationRequest {
  readonly destination: ServerName;
  readonly method: 'GET' | 'POST' | 'PUT';
  /** The request target: path and query, percent-encoded, as it is signed and sent. */
  readonly target: string;
  readonly body?: JsonObject;
  /** From looking for a connection to the last byte of the answer; discovery comes before it. */
  readonly timeoutMs?: number;
  /** The most of the answer that is read. */
  readonly maxBytes?: number;
  /** An answer that is read as a stream may keep us waiting this long in all; without it, only each piece has its time. */
  readonly streamMs?: number;
  /** What the answer may be; JSON unless something else is said. */
  readonly accept?: string;
  /** For an endpoint that everybody may ask: nothing says who we are. */
  readonly isUnsigned?: boolean;
}

export type FederationResult<T> = Result<T, FederationFailure>;

export type ReadStream<T> = (chunks: AsyncIterable<Uint8Array>, headers: Headers) => Promise<FederationResult<T>>;

export interface FederationClient {
  /** Sends a signed request and parses the answer, which is a JSON object unless `requestJson` is asked for. */
  request(request: FederationRequest): Promise<FederationResult<JsonObject>>;
  /** The same for answers of any JSON shape (the removed v1 operations answer with a list). */
  requestJson(request: FederationRequest): Promise<FederationResult<JsonValue>>;
  /**
   * The same for an answer that is too large to be held: `read` takes its bytes as they arrive. `timeoutMs` is then until
   * the answer begins. What `read` throws is thrown on.
   */
  requestStream<T>(request: FederationRequest, read: ReadStream<T>): Promise<FederationResult<T>>;
}

export interface FederationClientOptions {
  readonly serverName: ServerName;
  readonly fetch: HttpFetch;
  readonly discovery: Discovery;
  /** The key that we sign with now. */
  readonly signingKey: () => Promise<SigningKey>;
  /** Asked for each request: a switch that was just thrown must hold. */
  readonly policy: () => Promise<FederationPolicy>;
  /** Our own name is asked as any other. */
  readonly asksItself?: boolean;
}

/**
 * The signed client: what leaves for another server leaves through it. Answers are bounded in time and size, redirects
 * are not followed. Source: Server-Server API, "Request Authentication".
 */
export function createFederationClient(options: FederationClientOptions): FederationClient {
  const { serverName, discovery, asksItself = false } = options;

  const { whole, stream } = createSender(options);

  /** Runs a request where the policy allows it and the destination has an address. */
  async function reach<T>(
    { destination }: FederationRequest,
    ask: (authority: string) => Promise<FederationResult<T>>,
  ): Promise<FederationResult<T>> {
    const refusal = policyRefusal(await options.policy(), destination);
    if (refusal !== undefined) return deny({ kind: 'denied', by: refusal });
    if (destination === serverName && !asksItself) return deny({ kind: 'unreachable', reason: 'this is our own name' });
    const route = await discovery.resolve(destination);
    if (!route.ok) return deny({ kind: 'unreachable', reason: route.reason.reason });
    const answer = await ask(route.value.authority);
    if (!answer.ok && (answer.reason.kind === 'unreachable' || answer.reason.kind === 'timeout')) {
      discovery.doubt(destination);
    }
    return answer;
  }

  async function requestJson(request: FederationRequest): Promise<FederationResult<JsonValue>> {
    const bytes = await reach(request, (authority) => whole(request, authority));
    return bytes.ok ? parseAnswer(bytes.value) : bytes;
  }

  return {
    requestStream: (request, read) => reach(request, (authority) => stream(request, authority, read)),
    requestJson,
    async request(request) {
      const parsed = await requestJson(request);
      if (!parsed.ok) return parsed;
      if (!isJsonObject(parsed.value)) return deny({ kind: 'garbage', reason: 'the answer is not a JSON object' });
      return allow(parsed.value);
    },
  };
}

/** Signs requests and sends them to an address. */
function createSender({
  serverName,
  fetch,
  signingKey,
}: Pick<FederationClientOptions, 'serverName' | 'fetch' | 'signingKey'>) {
  async function signed(request: FederationRequest, authority: string): Promise<readonly [string, RequestInit]> {
    const { destination, method, target, body, accept = 'application/json', isUnsigned = false } = request;
    const content = { origin: serverName, destination, method, uri: target, content: body };
    const headers = {
      Accept: accept,
      ...(isUnsigned ? {} : { Authorization: buildXMatrix(content, await signingKey()) }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    };
    const init = body === undefined ? { method, headers } : { method, headers, body: canonicalJson(body) };
    return [`https://${authority}${target}`, init];
  }

  async function whole(request: FederationRequest, authority: string): Promise<FederationResult<Uint8Array>> {
    const { timeoutMs = DEFAULT_TIMEOUT_MS, maxBytes = DEFAULT_MAX_BYTES } = request;
    const [url, init] = await signed(request, authority);
    try {
      return await withTimeout(timeoutMs, async (signal) => {
        const response = await fetch(url, { ...init, redirect: 'manual', signal });
        if (response.status !== 200) return deny(await readRefusal(response));
        return allow(await readCapped(response, maxBytes));
      });
    } catch (error) {
      return deny(failureOf(error, timeoutMs));
    }
  }

  async function open(
    request: FederationRequest,
    authority: string,
    controller: AbortController,
  ): Promise<FederationResult<Response>> {
    const { timeoutMs = DEFAULT_TIMEOUT_MS } = request;
    const [url, init] = await signed(request, authority);
    try {
      return await withTimeout(timeoutMs, async (late) => {
        late.addEventListener('abort', () => controller.abort());
        const response = await fetch(url, { ...init, redirect: 'manual', signal: controller.signal });
        return response.status === 200 ? allow(response) : deny(await readRefusal(response));
      });
    } catch (error) {
      return deny(failureOf(error, timeoutMs));
    }
  }

  async function stream<T>(
    request: FederationRequest,
    authority: string,
    read: ReadStream<T>,
  ): Promise<FederationResult<T>> {
    const controller = new AbortController();
    const opened = await open(request, authority, controller);
    if (!opened.ok) return opened;
    const { maxBytes = DEFAULT_MAX_BYTES, streamMs = Infinity } = request;
    const chunks = chunksOf(opened.value, { maxBytes, silenceMs: MAX_SILENCE_MS, totalMs: streamMs });
    try {
      return await read(chunks, opened.value.headers);
    } catch (error) {
      if (error instanceof BodyBroken) return deny(failureOf(error.cause, MAX_SILENCE_MS));
      throw error;
    } finally {
      // Of a body that was read to its end nothing is left to abort.
      controller.abort();
    }
  }

  return { whole, stream };
}

function failureOf(error: unknown, timeoutMs: number): FederationFailure {
  if (error instanceof TimedOut) return { kind: 'timeout', timeoutMs };
  if (error instanceof BodyTooLarge) return { kind: 'garbage', reason: error.message };
  return { kind: 'unreachable', reason: reasonOf(error) };
}

/** Parses the bytes of an answer; numbers are kept as they were written. */
export function parseAnswer(bytes: Uint8Array): FederationResult<JsonValue> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return deny({ kind: 'garbage', reason: 'the answer is not UTF-8' });
  }
  const parsed = parseJson(text);
  return parsed.ok ? parsed : deny({ kind: 'garbage', reason: 'the answer is not JSON' });
}

async function readRefusal(response: Response): Promise<FederationFailure> {
  let body: JsonValue | undefined;
  try {
    const parsed = parseAnswer(await readCapped(response, MAX_ERROR_BYTES));
    body = parsed.ok ? parsed.value : undefined;
  } catch (error) {
    if (!(error instanceof BodyTooLarge)) throw error;
  }
  const field = (name: string) => (isJsonObject(body) ? body[name] : undefined);
  const text = (name: string) => {
    const value = field(name);
    return typeof value === 'string' ? value.slice(0, MAX_ERROR_TEXT) : undefined;
  };
  return {
    kind: 'refused',
    status: response.status,
    errcode: text('errcode'),
    error: text('error'),
    retryAfterMs: retryAfterMs(response.headers, field('retry_after_ms')),
  };
}

/** Source: Client-Server API, "Rate limiting": the header, or the deprecated field of the body. */
function retryAfterMs(headers: Headers, field: JsonValue | undefined): number | undefined {
  const seconds = Number.parseInt(headers.get('retry-after') ?? '', 10);
  if (seconds >= 0) return seconds * 1000;
  return typeof field === 'number' && field >= 0 ? field : undefined;
}

/** A request target: each `{}` of the pattern is filled with an identifier, percent-encoded. */
export function requestTarget(
  pattern: string,
  ids: readonly string[],
  query: readonly (readonly [string, string])[] = [],
): string {
  const left = [...ids];
  const path = pattern.replaceAll('{}', () => encode(left.shift() ?? ''));
  if (query.length === 0) return path;
  return `${path}?${query.map(([name, value]) => `${name}=${encode(value)}`).join('&')}`;
}

/** Encodes also what `encodeURIComponent` leaves: some servers and proxies rewrite a bare `'`, and break the signature. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
