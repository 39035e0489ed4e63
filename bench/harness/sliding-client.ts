import type { ClientEvent, MatrixClient } from '../../test/support/node/matrix-client.ts';
import { KeepAliveClient, parsed } from './keep-alive-client.ts';

/** MSC4186 by the path that clients and Synapse use. */
const PATH = '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync';
const POLL_MS = 10_000;

/** What is asked of the first 20 rooms, as a list of rooms shows them. */
const WINDOW = {
  lists: { all: { ranges: [[0, 19]], timeline_limit: 1, required_state: [['m.room.name', '']] } },
};

export interface SlidingResponse {
  readonly pos: string;
  readonly rooms?: Readonly<Record<string, { readonly timeline?: readonly ClientEvent[] }>>;
}

/** A client of sliding sync that looks at its first 20 rooms, over a connection of its own. */
export class SlidingClient {
  readonly connection: KeepAliveClient;
  #pos = '';

  constructor(client: MatrixClient) {
    this.connection = new KeepAliveClient(client.baseUrl, client.accessToken);
  }

  /** Has everything that is there when it resolves. */
  static async open(client: MatrixClient): Promise<SlidingClient> {
    const sliding = new SlidingClient(client);
    await sliding.poll(0);
    return sliding;
  }

  /** Waits for news. @returns what came, or an empty response after `timeoutMs`. */
  async poll(timeoutMs = POLL_MS): Promise<SlidingResponse> {
    return (await this.timed(timeoutMs)).response;
  }

  /** As `poll`, with how long the whole answer took, ms. */
  async timed(timeoutMs: number): Promise<{ response: SlidingResponse; ms: number }> {
    const pos = this.#pos === '' ? '' : `&pos=${encodeURIComponent(this.#pos)}`;
    const reply = await this.connection.timed('POST', `${PATH}?timeout=${timeoutMs}${pos}`, WINDOW);
    const response = parsed(reply) as SlidingResponse;
    this.#pos = response.pos;
    return { response, ms: reply.ms };
  }
}
