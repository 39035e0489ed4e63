import { Agent, request } from 'node:https';

import { buildXMatrix } from '../../../src/matrix/crypto/x-matrix.ts';
import type { ServerName } from '../../../src/matrix/ids/brands.ts';
import { parseJson } from '../../../src/matrix/json/strict-json.ts';
import type { TestServer } from '../core/test-keys.ts';

export interface Asked {
  readonly method: string;
  /** Path and query; what a URL makes of it is sent, so that it is what was signed. */
  readonly target: string;
  readonly body?: string | undefined;
  /** The whole header; none if left out. */
  readonly authorization?: string | undefined;
}

export interface Answered {
  readonly status: number;
  readonly text: string;
  readonly ms: number;
}

/** Asks one server over its federation port. */
export class FederationCaller {
  readonly destination: ServerName;
  readonly #base: string;
  readonly #agent: Agent;

  /** @param ca PEM text of the authority of the server's certificate. */
  constructor({ serverName, federationUrl }: { serverName: string; federationUrl: string }, ca: string) {
    this.destination = serverName as ServerName;
    this.#base = federationUrl;
    this.#agent = new Agent({ ca, keepAlive: true, maxSockets: 64 });
  }

  /** A body that is no JSON cannot be covered by a signature. */
  signatureOf({ method, target, body }: Asked, signer: TestServer, origin: ServerName = signer.name): string {
    const parsed = body === undefined || body === '' ? undefined : parseJson(body);
    const content = parsed?.ok === true ? parsed.value : undefined;
    const { pathname, search } = new URL(`${this.#base}${target}`);
    const signed = { method, uri: `${pathname}${search}`, origin, destination: this.destination, content };
    return buildXMatrix(signed, signer.signingKey);
  }

  ask({ method, target, body, authorization }: Asked): Promise<Answered> {
    const startedAt = performance.now();
    const url = new URL(`${this.#base}${target}`);
    const headers = {
      ...(authorization === undefined ? {} : { authorization }),
      ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
    };
    return new Promise((resolve, reject) => {
      const asking = request(url, { method, agent: this.#agent, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, text, ms: performance.now() - startedAt }),
        );
        response.once('error', reject);
      });
      asking.once('error', reject);
      asking.end(body);
    });
  }

  as(signer: TestServer, asked: Asked): Promise<Answered> {
    return this.ask({ ...asked, authorization: this.signatureOf(asked, signer) });
  }

  close(): void {
    this.#agent.destroy();
  }
}
