import { readFileSync } from 'node:fs';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';

import type { JsonObject } from '../../../../src/matrix/json/json-value.ts';
import { aServer, type TestServer } from '../../core/test-keys.ts';
import { aKeyAnswer } from '../../worker/a-key-answer.ts';
import type { TestAuthority } from '../test-authority.ts';

/** A request that reached one of the servers. */
export interface StubRequest {
  readonly server: TestServer;
  readonly method: string;
  /** Decoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: JsonObject | undefined;
}

/** JSON, ready or in pieces, which are made as they are taken. */
export type StubReply = string | Iterable<string> | AsyncIterable<string>;

/** @returns `undefined` for what it does not answer. */
export type StubHandler = (request: StubRequest) => StubReply | undefined;

/** How a server that is not there behaves: it ends each connection at once, or takes it and never says a word. */
export type Death = 'refuses' | 'is silent';

type Take = (socket: Socket) => void;

interface Listener {
  readonly server: TestServer;
  readonly listening: Server;
  readonly sockets: Set<Socket>;
  /** What is done with a connection. */
  readonly takes: { now: Take };
}

const PIECE_CHARACTERS = 64 * 1024;
const TAKEN = '{"pdus":{}}';
const NOT_FOUND = '{"errcode":"M_NOT_FOUND","error":"There is no such thing here"}';

/**
 * Many servers on loopback ports of this machine, in this process: they publish their keys and take every transaction;
 * what else they answer is told them. They do not look at signatures.
 */
export class StubNetwork {
  readonly #listeners: Listener[] = [];
  readonly #secure: SecureServer;
  readonly #byName = new Map<string, TestServer>();
  readonly #keyAnswers = new Map<TestServer, string>();
  readonly #handlers: StubHandler[] = [];
  /** Called for each transaction, before it is answered. */
  onTransaction: (server: TestServer, transaction: JsonObject) => void = () => undefined;

  /** Called for each connection to a server that is away. */
  onAttempt: (server: TestServer) => void = () => undefined;

  private constructor(pem: { cert: Buffer; key: Buffer }) {
    this.#secure = createSecureServer({ ...pem, keepAliveTimeout: 60_000 }, (request, response) => {
      void this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  static async open(count: number, authority: TestAuthority): Promise<StubNetwork> {
    const { cert, key } = await authority.certificate();
    const network = new StubNetwork({ cert: readFileSync(cert), key: readFileSync(key) });
    await Promise.all(Array.from({ length: count }, () => network.#add()));
    return network;
  }

  get servers(): readonly TestServer[] {
    return this.#listeners.map(({ server }) => server);
  }

  /** Answers requests that nothing added before answers. */
  handle(handler: StubHandler): void {
    this.#handlers.push(handler);
  }

  /** From now on these are away. */
  kill(servers: readonly TestServer[], death: Death): void {
    this.#changeTo(servers, (server) => (socket) => {
      this.onAttempt(server);
      if (death === 'refuses') socket.destroy();
    });
  }

  /** They are there again. */
  revive(servers: readonly TestServer[]): void {
    this.#changeTo(servers, () => (socket) => this.#secure.emit('connection', socket));
  }

  async close(): Promise<void> {
    this.#secure.closeAllConnections();
    await Promise.all(this.#listeners.map(stop));
  }

  /** Ends their connections. They go on listening: a port that is given up may be somebody else's before it is taken again. */
  #changeTo(servers: readonly TestServer[], takes: (server: TestServer) => Take): void {
    const meant = new Set(servers);
    for (const listener of this.#listeners) {
      if (!meant.has(listener.server)) continue;
      listener.takes.now = takes(listener.server);
      for (const socket of listener.sockets) socket.destroy();
    }
  }

  async #add(): Promise<void> {
    const sockets = new Set<Socket>();
    const takes = { now: (socket: Socket) => void this.#secure.emit('connection', socket) };
    const listening = await listen(takes, sockets);
    const address = listening.address();
    if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
    const server = aServer(`localhost:${address.port}`);
    this.#listeners.push({ server, listening, sockets, takes });
    this.#byName.set(server.name, server);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const server = this.#byName.get(request.headers.host ?? '');
    const { pathname, searchParams } = new URL(request.url ?? '', 'https://stub.test');
    const text = Buffer.concat(chunks).toString('utf8');
    const body = text === '' ? undefined : (JSON.parse(text) as JsonObject);
    const reply =
      server === undefined
        ? undefined
        : this.#replyTo({
            server,
            method: request.method ?? 'GET',
            path: decodeURIComponent(pathname),
            query: searchParams,
            body,
          });
    response.writeHead(reply === undefined ? 404 : 200, { 'content-type': 'application/json' });
    if (reply === undefined || typeof reply === 'string') response.end(reply ?? NOT_FOUND);
    else await writePieces(response, reply);
  }

  #replyTo(request: StubRequest): StubReply | undefined {
    const { server, method, path, body } = request;
    if (path.startsWith('/_matrix/key/v2/server')) return this.#keysOf(server);
    if (path.startsWith('/_matrix/federation/v1/version')) return '{"server":{"name":"stub","version":"1"}}';
    if (method === 'PUT' && path.startsWith('/_matrix/federation/v1/send/')) {
      this.onTransaction(server, body ?? {});
      return TAKEN;
    }
    for (const handler of this.#handlers) {
      const reply = handler(request);
      if (reply !== undefined) return reply;
    }
    return undefined;
  }

  #keysOf(server: TestServer): string {
    const made = this.#keyAnswers.get(server) ?? JSON.stringify(aKeyAnswer(server));
    this.#keyAnswers.set(server, made);
    return made;
  }
}

function listen(takes: { now: Take }, sockets: Set<Socket>): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      socket.on('error', () => undefined); // the other side went away
      takes.now(socket);
    });
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

async function stop({ listening, sockets }: Listener): Promise<void> {
  for (const socket of sockets) socket.destroy();
  if (listening.listening) await new Promise((resolve) => listening.close(resolve));
}

/** Waits while the receiver does not take more, as a server does that does not hold its answer. */
async function writePieces(response: ServerResponse, pieces: Exclude<StubReply, string>): Promise<void> {
  const write = async (text: string): Promise<void> => {
    if (response.destroyed || response.write(text)) return;
    await new Promise<void>((resolve) => {
      const goOn = () => {
        response.off('drain', goOn);
        response.off('close', goOn);
        resolve();
      };
      response.on('drain', goOn);
      response.on('close', goOn);
    });
  };
  let held = '';
  for await (const piece of pieces) {
    held += piece;
    if (held.length < PIECE_CHARACTERS) continue;
    await write(held);
    held = '';
    if (response.destroyed) return;
  }
  response.end(held);
}
