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

  connect(): void {
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
    socket.addEventListener('close', () => {
      if (!this.#isClosed) setTimeout(() => this.connect(), 200);
    });
  }

  /** As when a network is changed. */
  reconnect(): void {
    this.#socket?.close();
  }

  close(): void {
    this.#isClosed = true;
    this.#socket?.close();
  }

  /** Of each transaction once, in order. */
  eventIds(): readonly string[] {
    const bodies = new Map(this.came.map(({ txnId, text }) => [txnId, text]));
    return [...bodies.values()].flatMap((text) =>
      (JSON.parse(text) as { body: { events: { event_id: string }[] } }).body.events.map((event) => event.event_id),
    );
  }
}
