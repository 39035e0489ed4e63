import { until } from './until.ts';

/** How long a server may take to start again. */
const AWAY_MS = 60_000;

interface Transaction {
  readonly txnId: string;
  /** The whole message. */
  readonly text: string;
}

/** An application service without a URL: it takes what it is sent over the stream, and connects again where that ends. */
export class StreamingAppservice {
  readonly id = `as-${crypto.randomUUID().slice(0, 8)}`;
  readonly asToken = `as_token_${crypto.randomUUID()}`;
  /** Whether it acknowledges what comes. */
  acknowledges = true;
  /** Everything that came, in order. */
  readonly came: Transaction[] = [];
  readonly #url: string;
  #socket: WebSocket | undefined;
  #connecting: Promise<boolean> | undefined;
  #isClosed = false;

  /** @param clientUrl `http://…` */
  constructor(clientUrl: string) {
    this.#url = `${clientUrl.replace('http', 'ws')}/_eyrie/appservice/v1/stream`;
  }

  registration(): Record<string, unknown> {
    return {
      id: this.id,
      url: null,
      as_token: this.asToken,
      hs_token: `hs_token_${crypto.randomUUID()}`,
      sender_localpart: `${this.id}-bot`,
      namespaces: { users: [{ exclusive: true, regex: `@_${this.id}_.*` }], aliases: [], rooms: [] },
      rate_limited: false,
    };
  }

  /** Resolves when it is connected. @throws if it cannot connect. */
  async connect(): Promise<void> {
    const isOpen = () => this.#isClosed || this.#open();
    this.#connecting = until(`the stream of ${this.id} to open`, isOpen, AWAY_MS);
    await this.#connecting;
  }

  /** Rejects where it does not open. */
  #open(): Promise<true> {
    // That of Node takes headers; the types are those of a Worker.
    const withToken = { headers: { authorization: `Bearer ${this.asToken}` } } as unknown as string[];
    const socket = new WebSocket(this.#url, withToken);
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const text = String(data);
      const { txn_id: txnId } = JSON.parse(text) as { txn_id: string };
      this.came.push({ txnId, text });
      if (this.acknowledges) socket.send(JSON.stringify({ ack: txnId }));
    });
    return new Promise((resolve, reject) => {
      let wasOpen = false;
      socket.addEventListener('open', () => {
        wasOpen = true;
        resolve(true);
      });
      socket.addEventListener('close', ({ code }) => {
        if (wasOpen) void this.connect();
        else reject(new Error(`it closed with ${code}`));
      });
    });
  }

  /** As when a network is changed. */
  reconnect(): void {
    this.#socket?.close();
  }

  /** @throws if it could not connect again. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#socket?.close();
    await this.#connecting;
  }

  /** Of each transaction once, in order. */
  eventIds(): readonly string[] {
    const bodies = new Map(this.came.map(({ txnId, text }) => [txnId, text]));
    return [...bodies.values()].flatMap((text) =>
      (JSON.parse(text) as { body: { events: { event_id: string }[] } }).body.events.map((event) => event.event_id),
    );
  }
}
