/** The network of one client, which can be cut: then nothing goes out and nothing comes in until it is restored. */
export class NetworkLine {
  #whole: Promise<void> = Promise.resolve();
  #mend = (): void => {};
  /** bodies of requests that went out, with their paths */
  readonly #sent: { path: string; body: string }[] = [];

  cut(): void {
    this.restore();
    this.#whole = new Promise((resolve) => {
      this.#mend = resolve;
    });
  }

  restore(): void {
    this.#mend();
  }

  /** What was sent so far to paths that have this in them. */
  sentTo(part: string): unknown[] {
    return this.#sent.filter(({ path }) => path.includes(part)).map(({ body }) => JSON.parse(body) as unknown);
  }

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    await this.#whole;
    const { pathname: path } = new URL(input instanceof Request ? input.url : input);
    if (typeof init?.body === 'string') this.#sent.push({ path, body: init.body });
    const answer = await fetch(input, init);
    await this.#whole;
    return answer;
  };
}
