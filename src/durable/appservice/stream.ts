import type { PushAnswer } from '../../appservice/sending/ports.ts';
import { isJsonObject } from '../../matrix/json/json-value.ts';
import { parseJson } from '../../matrix/json/strict-json.ts';

/** An acknowledgement is a few dozen characters. */
const MAX_MESSAGE = 1_024;

/** Why a socket was closed. Codes below 4000 are those of RFC 6455, 7.4. */
export const CLOSED = {
  /** Whoever is told this and comes back at once would only drive the other one out again. */
  replaced: { code: 4001, reason: 'another connection has taken the place of this one' },
  changed: { code: 1012, reason: 'the registration has changed: connect again' },
  ended: { code: 4003, reason: 'the registration has ended' },
} as const;

interface Attached {
  /** By the hash of which token it was opened. */
  readonly tokenHash: string;
  /** The transaction that it was sent and has not acknowledged. */
  readonly sent?: string;
}

/**
 * The socket of an application service that has no URL: what it would be pushed goes over it, one transaction at a time.
 * Hibernatable: nothing of it is in memory. One at most is open, the newest.
 */
export class Stream {
  readonly #ctx: DurableObjectState;

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
  }

  /** @param tokenHash of the token that opens it. @returns the other end. */
  accept(tokenHash: string): WebSocket {
    this.close(CLOSED.replaced);
    // Answered by the platform, without waking the object.
    this.#ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'));
    const { 0: theirs, 1: ours } = new WebSocketPair();
    this.#ctx.acceptWebSocket(ours);
    ours.serializeAttachment({ tokenHash } satisfies Attached);
    return theirs;
  }

  isOpen(): boolean {
    return this.#open() !== undefined;
  }

  /** Whether it is open, and by this token: one that another token opened is closed, whoever should have closed it before. */
  isOpenBy(tokenHash: string): boolean {
    const socket = this.#open();
    if (socket === undefined) return false;
    if (attachedTo(socket)?.tokenHash === tokenHash) return true;
    this.close(CLOSED.changed);
    return false;
  }

  /** Sends a transaction, unless it has been sent over this socket already; one that comes next is sent it anew. */
  async push(txnId: string, body: string): Promise<PushAnswer> {
    const socket = this.#open();
    const attached = socket === undefined ? null : attachedTo(socket);
    if (socket !== undefined && attached !== null && attached.sent !== txnId) {
      socket.send(`{"txn_id":${JSON.stringify(txnId)},"body":${body}}`);
      socket.serializeAttachment({ ...attached, sent: txnId } satisfies Attached);
    }
    return { kind: 'sent' };
  }

  close({ code, reason }: { readonly code: number; readonly reason: string }): void {
    for (const socket of this.#ctx.getWebSockets()) socket.close(code, reason);
  }

  #open(): WebSocket | undefined {
    return this.#ctx.getWebSockets().find(({ readyState }) => readyState === WebSocket.OPEN);
  }
}

const attachedTo = (socket: WebSocket) => socket.deserializeAttachment() as Attached | null;

/** @returns the transaction ID that a message acknowledges; `undefined` for no acknowledgement: the socket is closed. */
export function acknowledged(socket: WebSocket, message: string | ArrayBuffer): string | undefined {
  if (typeof message !== 'string') {
    socket.close(1003, 'messages are text');
  } else if (message.length > MAX_MESSAGE) {
    socket.close(1009, `messages have at most ${MAX_MESSAGE} characters`);
  } else {
    const parsed = parseJson(message);
    const ack = parsed.ok && isJsonObject(parsed.value) ? parsed.value['ack'] : undefined;
    if (typeof ack === 'string') return ack;
    socket.close(1008, 'a message is {"ack": "<txn_id>"}, or ping');
  }
  return undefined;
}
