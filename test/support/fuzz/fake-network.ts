import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';

import { aServer, type TestServer } from '../core/test-keys.ts';
import { freePorts } from '../node/free-ports.ts';
import type { TestAuthority } from '../node/test-authority.ts';
import { aKeyAnswer } from '../worker/a-key-answer.ts';

const NOT_FOUND = JSON.stringify({ errcode: 'M_NOT_FOUND', error: 'There is no such thing here' });

/** Servers on this machine that publish their keys, take every transaction, and have nothing else. */
export class FakeNetwork {
  readonly servers: readonly TestServer[];
  /** The name of a server that refuses every connection. */
  readonly dead: string;
  readonly #listening: readonly Server[];

  private constructor(servers: readonly TestServer[], dead: string, listening: readonly Server[]) {
    this.servers = servers;
    this.dead = dead;
    this.#listening = listening;
  }

  static async open(count: number, authority: TestAuthority): Promise<FakeNetwork> {
    const { cert, key } = await authority.certificate();
    const [dead = 0, ...ports] = await freePorts(count + 1);
    const servers = ports.map((port) => aServer(`localhost:${port}`));
    const pem = { cert: readFileSync(cert), key: readFileSync(key) };
    const listening = await Promise.all(
      servers.map(
        (server, index) =>
          new Promise<Server>((resolve) => {
            const here = createServer(pem, (request, response) => {
              request.resume();
              const body = answerOf(server, request.method, request.url ?? '');
              response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
              response.end(body ?? NOT_FOUND);
            });
            here.listen(ports[index], '127.0.0.1', () => resolve(here));
          }),
      ),
    );
    return new FakeNetwork(servers, `localhost:${dead}`, listening);
  }

  async close(): Promise<void> {
    for (const server of this.#listening) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }
}

/** JSON text; `undefined` for what there is not. */
function answerOf(server: TestServer, method = 'GET', target: string): string | undefined {
  if (target.startsWith('/_matrix/key/v2/server')) return JSON.stringify(aKeyAnswer(server));
  if (method === 'PUT' && target.includes('/send/')) return '{"pdus":{}}';
  if (target.includes('/get_missing_events/')) return '{"events":[]}';
  return undefined;
}
