/** The network of one client: what went out, and what was answered. */
export class NetworkLine {
  /** requests that went out, and whether the client has the answer */
  readonly #sent: { path: string; body: string; isAnswered: boolean }[] = [];

  /** What was sent so far to paths that have this in them. */
  sentTo(part: string): unknown[] {
    return this.#sent.filter(({ path }) => path.includes(part)).map(({ body }) => JSON.parse(body) as unknown);
  }

  hasAnswerFrom(part: string): boolean {
    return this.#sent.some(({ path, isAnswered }) => isAnswered && path.includes(part));
  }

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const { pathname: path } = new URL(input instanceof Request ? input.url : input);
    const request = { path, body: typeof init?.body === 'string' ? init.body : '{}', isAnswered: false };
    this.#sent.push(request);
    const answer = await fetch(input, init);
    request.isAnswered = true;
    return answer;
  };
}
