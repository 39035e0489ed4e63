import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';

/** What the front tells the Worker about itself and about the client. */
export interface FrontIdentity {
  /** random at each start: the Worker answers nobody who does not know it */
  secret: string;
  /** whether `X-Forwarded-For` and `X-Forwarded-Proto` of the connection's other end are believed */
  trustedProxy: boolean;
}

/** Between two connections only, or answered by the front itself. Source: RFC 9110, 7.6.1. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);

/** Only the front, or the platform of a deployed Worker, may say these. */
const reserved = /^(?:eyrie|mf|cf|x-forwarded)-/;

/**
 * The headers of the request to the Worker, as raw pairs: the client's in their order, `Host` untouched, without what
 * only the front may say, and with client address and scheme.
 * @param websocket whether the request asks for a WebSocket: then the upgrade goes through.
 */
export function requestHeaders(request: IncomingMessage, identity: FrontIdentity, websocket: boolean): string[] {
  const raw = request.rawHeaders;
  const dropped = namedByConnection(request);
  const headers: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const [name, value] = [raw[i] ?? '', raw[i + 1] ?? ''];
    const lower = name.toLowerCase();
    if (hopByHop.has(lower) || reserved.test(lower) || dropped?.has(lower) === true) continue;
    headers.push(name, value);
  }
  if (request.headers['transfer-encoding'] !== undefined) headers.push('transfer-encoding', 'chunked');
  if (websocket) headers.push('connection', 'Upgrade', 'upgrade', 'websocket');
  headers.push(
    'eyrie-front-secret',
    identity.secret,
    'eyrie-client-address',
    clientAddress(request, identity.trustedProxy),
    'eyrie-client-scheme',
    clientScheme(request, identity.trustedProxy),
  );
  return headers;
}

/** The raw headers of the Worker's answer without those of its connection. */
export function responseHeaders(response: IncomingMessage): string[] {
  const raw = response.rawHeaders;
  const headers: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const [name, value] = [raw[i] ?? '', raw[i + 1] ?? ''];
    if (!hopByHop.has(name.toLowerCase())) headers.push(name, value);
  }
  return headers;
}

function namedByConnection(request: IncomingMessage): Set<string> | undefined {
  const { connection } = request.headers;
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return undefined;
  return new Set(connection.split(',').map((token) => token.trim().toLowerCase()));
}

/** The other end of the connection or, behind a trusted proxy, the last address of `X-Forwarded-For`: the proxy's word. */
function clientAddress(request: IncomingMessage, trustedProxy: boolean): string {
  const forwarded = trustedProxy ? request.headers['x-forwarded-for'] : undefined;
  const last = typeof forwarded === 'string' ? forwarded.split(',').at(-1)?.trim() : undefined;
  const address = last !== undefined && last !== '' ? last : (request.socket.remoteAddress ?? '');
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}

function clientScheme(request: IncomingMessage, trustedProxy: boolean): 'http' | 'https' {
  const forwarded = trustedProxy ? request.headers['x-forwarded-proto'] : undefined;
  if (forwarded === 'http' || forwarded === 'https') return forwarded;
  return (request.socket as Partial<TLSSocket>).encrypted === true ? 'https' : 'http';
}
