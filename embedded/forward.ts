import {
  Agent,
  type ClientRequest,
  type IncomingMessage,
  request as httpRequest,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { type FrontIdentity, requestHeaders, responseHeaders } from './front-headers.ts';

/** The port of the Worker's socket. It changes when workerd is restarted. */
export interface Target {
  /** undefined while the runtime starts */
  readonly port: number | undefined;
  /** resolves when the runtime is there (again), with `port` up to date */
  refresh(): Promise<void>;
}

export interface Forwarding {
  identity: FrontIdentity;
  target: Target;
}

/** How long a request waits for workerd to come back before it is answered with 503. */
const PATIENCE_MS = 8000;
const RETRY_MS = 50;

const agent = new Agent({
  keepAlive: true,
  maxFreeSockets: 256,
  scheduling: 'lifo',
  timeout: 3000, // an unused socket is closed before workerd does it (after 5 s), while a request may be on its way
});

/** Passes a request to the Worker and its answer back, both as streams. */
export function forward(request: IncomingMessage, response: ServerResponse, { identity, target }: Forwarding): void {
  if (!isOriginForm(request)) return refuse(response, 400, 'M_UNRECOGNIZED', 'The request target has to be a path.');
  const headers = requestHeaders(request, identity, false);
  const hasBody = request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined;
  const patientUntil = Date.now() + PATIENCE_MS;
  let upstream: ClientRequest | undefined;
  let bodyStarted = false;
  let repeated = false;

  const attempt = (): void => {
    if (response.destroyed) return;
    const { port } = target;
    if (port === undefined) return again();
    upstream = httpRequest({ host: '127.0.0.1', port, method: request.method, path: request.url, headers, agent });
    const sent = upstream;
    sent.on('response', (answer) => {
      passBack(answer, response);
      answer.on('end', () => {
        if (sent.writableEnded) return;
        request.unpipe(); // an answer before the end of the upload, whose rest nobody wants
        request.resume();
        sent.destroy();
      });
    });
    upstream.on('error', failed);
    if (!hasBody) upstream.end();
    else whenConnected(upstream, startBody);
  };
  const startBody = (): void => {
    bodyStarted = true;
    if (upstream !== undefined) request.pipe(upstream);
  };
  const failed = (error: NodeJS.ErrnoException): void => {
    if (response.destroyed) return;
    request.unpipe();
    if (response.headersSent) {
      if (!response.writableEnded) response.destroy(); // cut, so that the client sees that it is not whole
      return;
    }
    const arrived = error.code !== 'ECONNREFUSED';
    if (!bodyStarted && Date.now() < patientUntil && (!arrived || (isSafe(request) && !repeated))) {
      repeated ||= arrived; // once: what ends the runtime would end it again and again
      return again();
    }
    request.resume();
    refuse(response, 502, 'M_UNKNOWN', 'The connection to the server was lost; the request may have been carried out.');
  };
  const again = (): void => {
    const overdue = setTimeout(giveUp, patientUntil - Date.now());
    const retry = (): void => {
      clearTimeout(overdue);
      setTimeout(attempt, RETRY_MS);
    };
    target.refresh().then(retry, giveUp);
  };
  const giveUp = (): void => {
    request.resume();
    if (!response.headersSent) refuse(response, 503, 'M_UNKNOWN', 'The server is starting; try again.');
  };

  response.on('close', () => {
    if (!response.writableFinished) upstream?.destroy();
  });
  attempt();
}

/** Passes a WebSocket to the Worker: the handshake, then bytes both ways. One that meets a restart is refused with 503. */
export function forwardUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, to: Forwarding): void {
  socket.on('error', () => socket.destroy());
  const unavailable = (): unknown => socket.end(bareAnswer('503 Service Unavailable'));
  if (!isOriginForm(request)) {
    socket.end(bareAnswer('400 Bad Request'));
    return;
  }
  const connect = (): void => {
    if (!socket.destroyed) connectUpgrade(request, socket, head, to).on('error', unavailable);
  };
  if (to.target.port === undefined) to.target.refresh().then(connect, unavailable);
  else connect();
}

function connectUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, to: Forwarding): ClientRequest {
  const upstream = httpRequest({
    host: '127.0.0.1',
    port: to.target.port,
    method: request.method,
    path: request.url,
    headers: requestHeaders(request, to.identity, true),
  });
  upstream.on('upgrade', (answer: IncomingMessage, other: Socket, otherHead: Buffer) => {
    socket.write(`${answerHead(answer)}connection: Upgrade\r\nupgrade: websocket\r\n\r\n`);
    if (otherHead.length > 0) socket.write(otherHead);
    if (head.length > 0) other.write(head);
    join(socket, other);
  });
  upstream.on('response', (answer) => {
    socket.write(`${answerHead(answer)}connection: close\r\n\r\n`);
    answer.pipe(socket);
  });
  socket.on('close', () => upstream.destroy());
  upstream.end();
  return upstream;
}

function passBack(answer: IncomingMessage, response: ServerResponse): void {
  if (response.destroyed) return;
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage, responseHeaders(answer));
  answer.pipe(response);
  answer.on('error', () => response.destroy());
}

function join(a: Duplex, b: Duplex): void {
  a.pipe(b);
  b.pipe(a);
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
}

function whenConnected(upstream: ClientRequest, start: () => void): void {
  upstream.once('socket', (socket) => {
    if (socket.connecting) socket.once('connect', start);
    else start();
  });
}

/** Whether a request may arrive twice. Source: RFC 9110, 9.2.1. */
function isSafe(request: IncomingMessage): boolean {
  return request.method === 'GET' || request.method === 'HEAD';
}

/** A path; a URL, `*` or an authority is for proxies. Source: RFC 9112, 3.2. */
function isOriginForm(request: IncomingMessage): boolean {
  return request.url?.startsWith('/') === true;
}

function bareAnswer(status: string): string {
  return `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`;
}

/** The status line and the headers of an answer, without the end of the headers. */
function answerHead(answer: IncomingMessage): string {
  const headers = responseHeaders(answer);
  let text = `HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\n`;
  for (let i = 0; i + 1 < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return text;
}

/** An answer of the front's own, in the form of the Matrix error; browsers may read it too. */
function refuse(response: ServerResponse, status: number, errcode: string, error: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'access-control-allow-origin': '*' });
  response.end(JSON.stringify({ errcode, error }));
}
