import type { Config } from './config.ts';

const PATIENCE_MS = 60_000;

/** An answer of Eyrie that is no success. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly errcode: string;
  readonly reason: string | undefined;

  constructor(status: number, body: { errcode?: unknown; error?: unknown; reason?: unknown }) {
    super(typeof body.error === 'string' ? body.error : `HTTP ${status}`);
    this.status = status;
    this.errcode = typeof body.errcode === 'string' ? body.errcode : 'M_UNKNOWN';
    this.reason = typeof body.reason === 'string' ? body.reason : undefined;
  }
}

/** Whether the same call may succeed later: no answer, too many calls, an error of the server, or no registration yet. */
export const isTransient = (error: unknown): boolean =>
  !(error instanceof Refusal) || [401, 429].includes(error.status) || error.status >= 500;

export interface CallOptions {
  /** the user who acts; without one it is the sender of the registration */
  readonly as?: string | undefined;
  readonly query?: Readonly<Record<string, string>>;
  /** JSON */
  readonly body?: unknown;
  /** a file, instead of JSON */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  readonly type?: string;
}

/** `path` with every value percent-encoded: room IDs, event IDs and emoji all need it. */
export const path = (parts: TemplateStringsArray, ...values: string[]): string =>
  String.raw({ raw: parts }, ...values.map(encodeURIComponent));

/** Eyrie, as its application service sees it: everything goes over the standard client API, as one user or another. */
export class Homeserver {
  readonly #config: Config;

  constructor(config: Config) {
    this.#config = config;
  }

  /** @throws Refusal for an answer that is no success; what `fetch` throws where there is none. */
  async call<T = Record<string, unknown>>(method: string, where: string, options: CallOptions = {}): Promise<T> {
    return (await (await this.#send(method, where, options)).json()) as T;
  }

  async download(url: string): Promise<{ bytes: Uint8Array; type: string }> {
    const [, server = '', media = ''] = /^mxc:\/\/([^/]+)\/([\w-]+)$/.exec(url) ?? [];
    const where = path`/_matrix/client/v1/media/download/${server}/${media}`;
    const answer = await this.#send('GET', where, { query: { timeout_ms: '5000' } });
    const type = answer.headers.get('content-type') ?? 'application/octet-stream';
    return { bytes: new Uint8Array(await answer.arrayBuffer()), type };
  }

  async #send(method: string, where: string, options: CallOptions): Promise<Response> {
    const url = new URL(where.startsWith('/_') ? where : `/_matrix/client/v3${where}`, this.#config.homeserver);
    for (const [name, value] of Object.entries(options.query ?? {})) url.searchParams.append(name, value);
    if (options.as !== undefined) url.searchParams.set('user_id', options.as);
    const headers: Record<string, string> = { authorization: `Bearer ${this.#config.asToken}` };
    if (options.bytes !== undefined) headers['content-type'] = options.type ?? 'application/octet-stream';
    else if (method !== 'GET') headers['content-type'] = 'application/json';
    const body = options.bytes ?? (method === 'GET' ? null : JSON.stringify(options.body ?? {}));
    const answer = await fetch(url, { method, headers, body, signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.ok) return answer;
    const text = await answer.text();
    let refused: object = {};
    try {
      refused = JSON.parse(text) as object;
    } catch {
      // A proxy may say anything.
    }
    throw new Refusal(answer.status, refused);
  }
}
