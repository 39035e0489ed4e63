import type { Target } from './forward.ts';

/** Where the front forwards to: unknown until the runtime is ready, asked again after each restart of workerd. */
export class RuntimeTarget implements Target {
  port: number | undefined;
  readonly #runtime = Promise.withResolvers<{ port(): Promise<number> }>();

  constructor() {
    this.#runtime.promise.catch(() => {}); // nobody may be waiting
  }

  /** The runtime is ready: requests that wait are forwarded. */
  async open(runtime: { port(): Promise<number> }): Promise<void> {
    this.port = await runtime.port();
    this.#runtime.resolve(runtime);
  }

  async refresh(): Promise<void> {
    const runtime = await this.#runtime.promise;
    this.port = await runtime.port();
  }
}
