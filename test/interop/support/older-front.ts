import { readFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:https';

import { freePorts } from '../../support/node/free-ports.ts';
import type { TestAuthority } from '../../support/node/test-authority.ts';

/**
 * Stands before the federation port of a server and answers for it that it does not know some paths, as an older server
 * would. Everything else goes through as it came.
 */
export class OlderFront {
  readonly port: number;
  /** Where the server itself listens. */
  readonly targetPort: number;
  /** What came, in order: `<method> <path>`. */
  readonly asked: string[] = [];
  readonly #server: Server;

  private constructor(ports: { port: number; targetPort: number }, server: Server) {
    this.port = ports.port;
    this.targetPort = ports.targetPort;
    this.#server = server;
  }

  static async open(authority: TestAuthority, unknown: RegExp): Promise<OlderFront> {
    const [port = 0, targetPort = 0] = await freePorts(2);
    const { cert, key } = await authority.certificate();
    const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) });
    const front = new OlderFront({ port, targetPort }, server);
    server.on('request', (asked, answer) => {
      const { method = 'GET', url = '/', headers } = asked;
      front.asked.push(`${method} ${url}`);
      if (unknown.test(url)) {
        asked.resume();
        answer.writeHead(404, { 'content-type': 'application/json' });
        answer.end('{"errcode":"M_UNRECOGNIZED","error":"Unrecognized request"}');
        return;
      }
      const to = { host: '127.0.0.1', port: targetPort, method, path: url, headers, ca: authority.caPem };
      const forwarded = request(to, (got) => {
        answer.writeHead(got.statusCode ?? 502, got.headers);
        got.pipe(answer);
      });
      forwarded.once('error', () => answer.destroy());
      asked.pipe(forwarded);
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return front;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
