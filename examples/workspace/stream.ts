import { takeTransaction, type Transaction } from './receive.ts';
import type { Workspace } from './workspace.ts';

const PING_MS = 30_000;
const LONGEST_WAIT_MS = 60_000;

/**
 * Fetches what is pushed otherwise: a workspace that Eyrie cannot reach opens a WebSocket. One transaction comes at a
 * time, the next when this one is in the database; whatever was not acknowledged comes again over the next connection.
 */
export class Stream {
  readonly #workspace: Workspace;
  #socket: WebSocket | undefined;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  open(): void {
    const { config } = this.#workspace;
    const url = new URL('/_eyrie/appservice/v1/stream', config.homeserver.replace(/^http/, 'ws'));
    // Node's own WebSocket takes headers; the types know those of browsers, which do not.
    const options = { headers: { authorization: `Bearer ${config.asToken}` } } as unknown as string[];
    const socket = new WebSocket(url, options);
    this.#socket = socket;
    let wasHeard = true;
    // A connection that died without a word, as by a deploy or a cable, is noticed by the missing answer. Its `close`
    // may not come for many minutes: whoever does not answer that does not answer a closing either.
    const pings = setInterval(() => {
      if (!wasHeard) {
        socket.close();
        end();
      } else if (socket.readyState === WebSocket.OPEN) socket.send('ping');
      wasHeard = false;
    }, PING_MS);
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      clearInterval(pings);
      this.#again();
    };
    socket.addEventListener('message', ({ data }) => {
      wasHeard = true;
      this.#failures = 0;
      if (data !== 'pong') this.#take(socket, String(data));
    });
    socket.addEventListener('close', end);
    // Says nothing that `close`, which follows, does not.
    socket.addEventListener('error', () => undefined);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  #take(socket: WebSocket, text: string): void {
    try {
      const { txn_id: id, body } = JSON.parse(text) as { txn_id: string; body: Transaction };
      takeTransaction(this.#workspace, id, body);
      socket.send(JSON.stringify({ ack: id }));
    } catch (error) {
      console.error(error);
      socket.close();
    }
  }

  /** Each time after longer: whoever drives out another connection of the same workspace does not do so at once. */
  #again(): void {
    if (this.#isStopped) return;
    const wait = Math.min(500 * 2 ** Math.min(this.#failures, 20), LONGEST_WAIT_MS);
    this.#failures += 1;
    this.#timer = setTimeout(() => this.open(), wait * (0.75 + Math.random() / 4));
  }
}
