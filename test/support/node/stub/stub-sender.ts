import type { JsonObject } from '../../../../src/matrix/json/json-value.ts';
import type { TestServer } from '../../core/test-keys.ts';
import { FederationCaller } from '../../fuzz/federation-caller.ts';
import type { StubEvent } from './stub-room.ts';

/** Sends what stub servers have for a server under test. */
export class StubSender {
  readonly #caller: FederationCaller;
  #transactions = 0;

  /** @param ca PEM text of the authority of the server's certificate. */
  constructor(serverName: string, ca: string) {
    this.#caller = new FederationCaller({ serverName, federationUrl: `https://${serverName}` }, ca);
  }

  /** @returns what is said of each PDU. @throws unless the status is 200. */
  async push(origin: TestServer, events: readonly StubEvent[]): Promise<Readonly<Record<string, { error?: string }>>> {
    this.#transactions += 1;
    const head = JSON.stringify({ origin: origin.name, origin_server_ts: Date.now(), edus: [] }).slice(0, -1);
    const body = `${head},"pdus":[${events.map(({ text }) => text).join(',')}]}`;
    const target = `/_matrix/federation/v1/send/${origin.name.replaceAll(':', '-')}-${Date.now()}-${this.#transactions}`;
    const { pdus } = JSON.parse(await this.ask(origin, 'PUT', target, body)) as {
      pdus: Record<string, { error?: string }>;
    };
    return pdus;
  }

  /** Asks as a stub server. @returns the answer's text. @throws unless the status is 200. */
  async ask(origin: TestServer, method: string, target: string, body?: string | JsonObject): Promise<string> {
    const text = typeof body === 'object' ? JSON.stringify(body) : body;
    const asked = { method, target, body: text };
    // A kept connection may have been closed just then; what is sent twice counts once.
    const answer = await this.#caller.as(origin, asked).catch(() => this.#caller.as(origin, asked));
    if (answer.status !== 200) throw new Error(`${method} ${target}: ${answer.status} ${answer.text.slice(0, 500)}`);
    return answer.text;
  }

  close(): void {
    this.#caller.close();
  }
}
