import { Agent, request } from 'node:http';

export interface Reply {
  readonly status: number;
  readonly body: unknown;
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

  /** Resolves when the whole body is there. @param path below `/_matrix/client/v3`. @throws unless the status is 200. */
  async ask<T>(method: string, path: string, body?: object): Promise<T> {
    const reply = await this.#request(method, `/_matrix/client/v3${path}`, body);
    if (reply.status !== 200) throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
    return reply.body as T;
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
    return new Promise((resolve, reject) => {
      const sent = request(
        { host: this.#host, port: this.#port, method, path, headers, agent: this.#agent },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const answer = Buffer.concat(chunks).toString('utf8');
            resolve({ status: response.statusCode ?? 0, body: answer === '' ? undefined : JSON.parse(answer) });
          });
        },
      );
      sent.on('error', reject);
      sent.end(text);
    });
  }
}
