/** The network of one client, which can be cut: then nothing goes out and nothing comes in until it is restored. */
export class NetworkLine {
  #whole: Promise<void> = Promise.resolve();
  #mend = (): void => {};

  cut(): void {
    this.restore();
    this.#whole = new Promise((resolve) => {
      this.#mend = resolve;
    });
  }

  restore(): void {
    this.#mend();
  }

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    await this.#whole;
    const answer = await fetch(input, init);
    await this.#whole;
    return answer;
  };
}
