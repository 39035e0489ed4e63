import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';

interface Sent {
  readonly txnId: string;
  readonly body: string;
}

/** An application service on loopback that writes down what it is sent. */
export class ReceivingAppservice {
  readonly id: string;
  readonly asToken = `as_token_${crypto.randomUUID()}`;
  readonly hsToken = `hs_token_${crypto.randomUUID()}`;
  /** How transactions are answered; `undefined`: not at all. */
  answer: number | undefined = 200;
  /** Every try, in order. */
  readonly tries: Sent[] = [];
  /** Those that were answered with 200, in order. */
  readonly taken: Sent[] = [];
  readonly #server: Server;

  constructor(id = `as-${crypto.randomUUID().slice(0, 8)}`) {
    this.id = id;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** What its operator writes into a registration file. */
  registration(): Record<string, unknown> {
    return {
      id: this.id,
      url: `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`,
      as_token: this.asToken,
      hs_token: this.hsToken,
      sender_localpart: `${this.id}-bot`,
      namespaces: { users: [{ exclusive: true, regex: `@_${this.id}_.*` }], aliases: [], rooms: [] },
      rate_limited: false,
    };
  }

  eventIds(): readonly string[] {
    return this.taken.flatMap(({ body }) =>
      (JSON.parse(body) as { events: { event_id: string }[] }).events.map(({ event_id: eventId }) => eventId),
    );
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await textOf(request);
    if (request.headers.authorization !== `Bearer ${this.hsToken}`) {
      response.writeHead(403).end('{"errcode":"M_FORBIDDEN"}');
      return;
    }
    const txnId = /^\/_matrix\/app\/v1\/transactions\/([^/?]+)$/.exec(request.url ?? '')?.[1];
    if (txnId !== undefined) this.tries.push({ txnId, body });
    const status = this.answer;
    if (status === undefined) return;
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    if (status === 200 && txnId !== undefined) this.taken.push({ txnId, body });
  }
}
