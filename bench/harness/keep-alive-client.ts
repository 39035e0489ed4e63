import { Agent, request } from 'node:http';

/** A whole answer, not yet parsed. */
export interface Reply {
  readonly status: number;
  readonly bytes: Buffer;
  /** from the start of the request to the last byte */
  readonly ms: number;
}

/**
 * One user of a server, as the generator speaks for it: raw HTTP over one kept connection for what it sends and one for
 * what it waits for, nothing between the socket and the clock.
 */
export class KeepAliveClient {
  readonly #host: string;
  readonly #port: number;
  readonly #token: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 2 });

  constructor(clientUrl: string, accessToken: string) {
    const { hostname, port } = new URL(clientUrl);
    this.#host = hostname;
    this.#port = Number(port);
    this.#token = accessToken;
  }

  /**
   * Resolves when the whole body is there.
   * @param path below `/_matrix/client/v3`, unless it begins with `/_matrix`. @throws unless the status is 200.
   */
  async ask<T>(method: string, path: string, body?: object): Promise<T> {
    return parsed(await this.timed(method, path, body)) as T;
  }

  /** As `ask`, without parsing what came: where it is large, that would make others wait who are timed. */
  async timed(method: string, path: string, body?: object): Promise<Reply> {
    const reply = await this.#request(method, path.startsWith('/_matrix') ? path : `/_matrix/client/v3${path}`, body);
    if (reply.status !== 200) throw new Error(`${method} ${path}: ${reply.status} ${reply.bytes.toString('utf8')}`);
    return reply;
  }

  close(): void {
    this.#agent.destroy();
  }

  #request(method: string, path: string, body: object | undefined): Promise<Reply> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers: Record<string, string | number> = { authorization: `Bearer ${this.#token}` };
    if (text !== undefined) {
      headers['content-type'] = 'application/json';
      headers['content-length'] = Buffer.byteLength(text);
    }
    const start = performance.now();
    return new Promise((resolve, reject) => {
      const sent = request(
        { host: this.#host, port: this.#port, method, path, headers, agent: this.#agent },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const ms = performance.now() - start;
            resolve({ status: response.statusCode ?? 0, bytes: Buffer.concat(chunks), ms });
          });
        },
      );
      sent.on('error', reject);
      sent.end(text);
    });
  }
}

/** The body of an answer. */
export const parsed = ({ bytes }: Reply): unknown => JSON.parse(bytes.toString('utf8'));
