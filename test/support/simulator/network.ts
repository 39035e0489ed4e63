import type { FederationClient, FederationRequest, FederationResult } from '../../../src/federation/client.ts';
import { MatrixError } from '../../../src/matrix/error.ts';
import type { ServerName } from '../../../src/matrix/ids/brands.ts';
import { canonicalJson } from '../../../src/matrix/json/canonical-json.ts';
import { isJsonObject, type JsonObject } from '../../../src/matrix/json/json-value.ts';
import { parseJson } from '../../../src/matrix/json/strict-json.ts';
import { allow, deny } from '../../../src/matrix/result.ts';
import type { EventLoop } from './event-loop.ts';
import type { Random } from './random.ts';

/** A request as it arrives at a server; the answer is JSON text. Refusals are thrown as MatrixError. */
export interface Arriving {
  readonly origin: ServerName;
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: JsonObject | undefined;
}

export type Handler = (request: Arriving) => Promise<string>;

/** How bad the network is: probabilities per message. */
export interface Weather {
  readonly lost: number;
  readonly repeated: number;
  readonly slow: number;
}

const FAIR: Weather = { lost: 0, repeated: 0, slow: 0 };
/** Streams come in pieces of this many bytes. */
const PIECE = 1_000;
const SLOW_MS = 8_000;
const DEFAULT_TIMEOUT_MS = 10_000;

/** Carries requests between servers: delays, loses, repeats and reorders them, and keeps some servers apart. */
export class Network {
  weather: Weather = FAIR;
  readonly #loop: EventLoop;
  readonly #random: Random;
  readonly #trace: (line: string) => void;
  readonly #fault: (what: string) => void;
  readonly #handlers = new Map<ServerName, Handler>();
  /** Pairs that cannot reach each other. */
  readonly #apart = new Set<string>();

  constructor(
    loop: EventLoop,
    random: Random,
    report: { readonly trace: (line: string) => void; readonly fault: (what: string) => void },
  ) {
    this.#loop = loop;
    this.#random = random;
    this.#trace = report.trace;
    this.#fault = report.fault;
  }

  attach(server: ServerName, handler: Handler): void {
    this.#handlers.set(server, handler);
  }

  part(one: ServerName, other: ServerName): void {
    this.#apart.add(pair(one, other));
  }

  join(one: ServerName, other: ServerName): void {
    this.#apart.delete(pair(one, other));
  }

  heal(): void {
    this.#apart.clear();
    this.weather = FAIR;
  }

  clientOf(origin: ServerName): FederationClient {
    const ask = (request: FederationRequest) => this.#ask(origin, request);
    return {
      request: async (request) => {
        const text = await ask(request);
        if (!text.ok) return text;
        const parsed = parseJson(text.value);
        if (!parsed.ok || !isJsonObject(parsed.value)) return deny({ kind: 'garbage', reason: 'no object' });
        return allow(parsed.value);
      },
      requestJson: async (request) => {
        const text = await ask(request);
        if (!text.ok) return text;
        const parsed = parseJson(text.value);
        return parsed.ok ? allow(parsed.value) : deny({ kind: 'garbage', reason: 'no JSON' });
      },
      requestStream: async (request, read) => {
        const text = await ask(request);
        return text.ok ? read(inPieces(new TextEncoder().encode(text.value)), new Headers()) : text;
      },
    };
  }

  async #ask(origin: ServerName, request: FederationRequest): Promise<FederationResult<string>> {
    const { destination, target, body, timeoutMs = DEFAULT_TIMEOUT_MS } = request;
    const text = body === undefined ? undefined : canonicalJson(body);
    const late = this.#loop.after(timeoutMs).then(() => deny({ kind: 'timeout' as const, timeoutMs }));
    const answered = this.#deliver(origin, destination, target, text);
    if (this.#random.chance(this.weather.repeated)) {
      this.#trace(`net ${origin}→${destination} repeated ${target}`);
      this.#loop.start(async () => {
        await this.#loop.after(this.#random.below(SLOW_MS));
        await this.#deliver(origin, destination, target, text);
      });
    }
    const answer = await Promise.race([answered, late]);
    if (!answer.ok) this.#trace(`net ${origin}→${destination} ${answer.reason.kind} ${target}`);
    return answer;
  }

  async #deliver(
    origin: ServerName,
    destination: ServerName,
    target: string,
    body: string | undefined,
  ): Promise<FederationResult<string>> {
    const handler = this.#handlers.get(destination);
    await this.#travel();
    if (handler === undefined || this.#isLost(origin, destination)) return this.#unreachable();
    const url = new URL(target, 'https://server');
    const parsed = body === undefined ? undefined : parseJson(body);
    const arriving: Arriving = {
      origin,
      path: url.pathname.split('/').slice(3).map(decodeURIComponent),
      query: url.searchParams,
      body: parsed?.ok === true && isJsonObject(parsed.value) ? parsed.value : undefined,
    };
    let answer: FederationResult<string>;
    try {
      answer = allow(await handler(arriving));
    } catch (error) {
      answer = this.#refusalOf(error, destination, target);
    }
    await this.#travel();
    return this.#isLost(origin, destination) ? this.#unreachable() : answer;
  }

  #travel(): Promise<void> {
    const isSlow = this.#random.chance(this.weather.slow);
    return this.#loop.after(1 + this.#random.below(isSlow ? SLOW_MS : 60));
  }

  #isLost(one: ServerName, other: ServerName): boolean {
    return this.#apart.has(pair(one, other)) || this.#random.chance(this.weather.lost);
  }

  /** A request that died with an object is one that failed; any other throw is a fault of the server. */
  #refusalOf(error: unknown, destination: ServerName, target: string): FederationResult<string> {
    const isDeath = (error as { retryable?: boolean }).retryable === true;
    if (!(error instanceof MatrixError) && !isDeath) {
      this.#fault(`${destination} ${target}: ${error instanceof Error ? error.stack : String(error)}`);
    }
    const refusal = error instanceof MatrixError ? error : new MatrixError(500, 'M_UNKNOWN', String(error));
    const { status, errcode, message } = refusal;
    return deny({ kind: 'refused', status, errcode, error: message, retryAfterMs: undefined });
  }

  async #unreachable(): Promise<FederationResult<string>> {
    await this.#loop.after(this.#random.below(2_000));
    return deny({ kind: 'unreachable', reason: 'lost' });
  }
}

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE) yield await Promise.resolve(bytes.subarray(at, at + PIECE));
}

const pair = (one: string, other: string) => [one, other].sort().join(' ');
