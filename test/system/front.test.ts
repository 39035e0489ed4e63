import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest, type RequestOptions, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { FRONT_SECRET, FrontedWorker } from '../support/node/fronted-worker.ts';
import { until } from '../support/node/until.ts';

let handle: (request: IncomingMessage, response: ServerResponse) => void;
let fronted: FrontedWorker;

beforeEach(async () => {
  handle = (_request, response) => response.end('{}');
  fronted = await FrontedWorker.open((request, response) => handle(request, response));
});

afterEach(() => fronted.close());

/** Sends a request whose headers and target are not touched by a client library. */
async function ask(options: RequestOptions = {}, body?: string): Promise<{ answer: IncomingMessage; body: string }> {
  const request = httpRequest({ host: '127.0.0.1', port: fronted.clientPort, path: '/', ...options });
  request.end(body);
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  return { answer, body: await text(answer) };
}

/** Lets the Worker answer with the headers that it got. */
function tellHeaders(): void {
  handle = (request, response) => response.end(JSON.stringify({ url: request.url, raw: request.rawHeaders }));
}

function toldHeaders(body: string): { url: string; pairs: [string, string][] } {
  const { url, raw } = JSON.parse(body) as { url: string; raw: string[] };
  const pairs = raw.flatMap((name, i): [string, string][] =>
    i % 2 === 0 ? [[name.toLowerCase(), raw[i + 1] ?? '']] : [],
  );
  return { url, pairs };
}

function valuesOf(body: string, name: string): string[] {
  return toldHeaders(body)
    .pairs.filter(([key]) => key === name)
    .map(([, value]) => value);
}

describe('what the Worker is told', () => {
  test('the secret, the address and the scheme of the client, once each, whatever the client says', async () => {
    tellHeaders();
    const headers = {
      'Eyrie-Front-Secret': 'guessed',
      'eyrie-client-address': '192.0.2.1',
      'EYRIE-CLIENT-SCHEME': 'https',
      'MF-Original-URL': 'http://other.example/',
      'CF-Connecting-IP': '192.0.2.2',
      'X-Forwarded-For': '192.0.2.3',
      'X-Forwarded-Proto': 'https',
    };
    const { body } = await ask({ headers });
    expect(valuesOf(body, 'eyrie-front-secret')).toEqual([FRONT_SECRET]);
    expect(valuesOf(body, 'eyrie-client-address')).toEqual(['127.0.0.1']);
    expect(valuesOf(body, 'eyrie-client-scheme')).toEqual(['http']);
    const rest = toldHeaders(body).pairs.filter(([name]) => /^(mf|cf|x-forwarded)-/.test(name));
    expect(rest).toEqual([]);
  });

  test('https, for what came over TLS', async () => {
    tellHeaders();
    const request = httpsRequest({ host: 'localhost', port: fronted.federationPort, path: '/', ca: fronted.ca });
    request.end();
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    expect(valuesOf(await text(answer), 'eyrie-client-scheme')).toEqual(['https']);
  });

  test('the request target and Host byte for byte, and repeated headers', async () => {
    tellHeaders();
    const path = `/_matrix/a/../b//c%2Fd?q='%27+ %7e&x=%`.replace(' ', '%20');
    const { body } = await ask({ path, headers: ['Host', 'HS1.example:8448', 'X-A', '1', 'X-A', '2'] });
    expect(toldHeaders(body).url).toBe(path);
    expect(valuesOf(body, 'host')).toEqual(['HS1.example:8448']);
    expect(valuesOf(body, 'x-a')).toEqual(['1', '2']);
  });

  test('nothing that is about the connection only', async () => {
    tellHeaders();
    const { body } = await ask({ headers: { Connection: 'close, X-Private', 'X-Private': '1', TE: 'trailers' } });
    expect(valuesOf(body, 'x-private')).toEqual([]);
    expect(valuesOf(body, 'te')).toEqual([]);
  });
});

describe('behind a trusted proxy', () => {
  beforeEach(async () => {
    await fronted.close();
    fronted = await FrontedWorker.open((request, response) => handle(request, response), ['--trusted-proxy']);
    tellHeaders();
  });

  test('the client is the last of X-Forwarded-For, the only one that the proxy vouches for', async () => {
    const headers = { 'X-Forwarded-For': '198.51.100.7, 203.0.113.9', 'X-Forwarded-Proto': 'https' };
    const { body } = await ask({ headers });
    expect(valuesOf(body, 'eyrie-client-address')).toEqual(['203.0.113.9']);
    expect(valuesOf(body, 'eyrie-client-scheme')).toEqual(['https']);
  });

  test('without that header the client is the other end', async () => {
    const { body } = await ask();
    expect(valuesOf(body, 'eyrie-client-address')).toEqual(['127.0.0.1']);
    expect(valuesOf(body, 'eyrie-client-scheme')).toEqual(['http']);
  });
});

describe('bodies', () => {
  test('an upload reaches the Worker while it is still being sent', async () => {
    let received = '';
    handle = (request, response) => {
      request.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
      request.on('end', () => response.end('{}'));
    };
    const request = httpRequest({ host: '127.0.0.1', port: fronted.clientPort, method: 'POST', path: '/' });
    request.write('first');
    await until('the first part to arrive', () => received === 'first');
    request.end(' second');
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    await text(answer);
    expect(received).toBe('first second');
  });

  test('an answer reaches the client while it is still being made', async () => {
    let worker: ServerResponse | undefined;
    handle = (_request, response) => {
      worker = response;
      response.write('first');
    };
    const request = httpRequest({ host: '127.0.0.1', port: fronted.clientPort, path: '/' });
    request.end();
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    const [chunk] = (await once(answer.setEncoding('utf8'), 'data')) as [string];
    expect(chunk).toBe('first');
    worker?.end(' second');
    expect(await text(answer)).toBe(' second');
  });

  test('many megabytes pass unchanged both ways', async () => {
    handle = (request, response) => request.pipe(response);
    const sent = randomBytes(16 * 1024 * 1024);
    const request = httpRequest({ host: '127.0.0.1', port: fronted.clientPort, method: 'PUT', path: '/' });
    request.end(sent);
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    const hash = createHash('sha256');
    for await (const chunk of answer) hash.update(chunk as Buffer);
    expect(hash.digest('hex')).toBe(createHash('sha256').update(sent).digest('hex'));
  });

  test('an answer before the end of an upload arrives', async () => {
    handle = (_request, response) => response.writeHead(413).end('{"errcode":"M_TOO_LARGE"}');
    const request = httpRequest({ host: '127.0.0.1', port: fronted.clientPort, method: 'POST', path: '/' });
    request.on('error', () => {}); // the rest of the upload may meet a closed connection
    request.write('x'.repeat(100_000));
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    expect(answer.statusCode).toBe(413);
    expect(await text(answer)).toBe('{"errcode":"M_TOO_LARGE"}');
    request.destroy();
  });
});

describe('when one side goes', () => {
  test('a client that gives up a long poll ends it at the Worker', async () => {
    const state = { polling: false, gone: false };
    handle = (_request, response) => {
      state.polling = true;
      response.on('close', () => (state.gone = true));
    };
    const request = httpRequest({ host: '127.0.0.1', port: fronted.clientPort, path: '/' });
    request.on('error', () => {});
    request.end();
    await until('the poll to arrive', () => state.polling);
    request.destroy();
    await until('the poll to end', () => state.gone);
  });

  test('an answer that is cut off is cut off for the client too', async () => {
    handle = (_request, response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('12345', () => response.destroy());
    };
    await expect(ask()).rejects.toThrow();
  });

  test('a request without a body waits for a Worker that is being restarted, on whatever port', async () => {
    await ask();
    await fronted.stopWorker();
    handle = (_request, response) => response.end('back');
    const asked = ask();
    await fronted.startWorker();
    expect((await asked).body).toBe('back');
  });

  test('a request with a body that never left waits, too', async () => {
    await ask();
    await fronted.stopWorker();
    handle = (request, response) => request.pipe(response);
    const asked = ask({ method: 'POST' }, 'once');
    await fronted.startWorker();
    expect((await asked).body).toBe('once');
  });

  test('a request that may have been carried out is not sent twice', async () => {
    let times = 0;
    handle = (request) => {
      request.resume().on('end', () => {
        times += 1;
        request.socket.destroy();
      });
    };
    const { answer, body } = await ask({ method: 'POST' }, 'once');
    expect(answer.statusCode).toBe(502);
    expect(JSON.parse(body)).toMatchObject({ errcode: 'M_UNKNOWN' });
    expect(times).toBe(1);
  });

  test('a request for reading is sent once more, not for ever', async () => {
    let times = 0;
    handle = (request) => {
      times += 1;
      request.socket.destroy();
    };
    expect((await ask()).answer.statusCode).toBe(502);
    expect(times).toBe(2);
  });
});

describe('what is no request for the Worker', () => {
  test.each(['http://other.example/_matrix/client/versions', '*'])('a target %s is refused', async (path) => {
    const { answer } = await ask({ path, method: path === '*' ? 'OPTIONS' : 'GET' });
    expect(answer.statusCode).toBe(400);
  });

  test('headers beyond 32 KiB are refused', async () => {
    const { answer } = await ask({ headers: { 'X-Large': 'x'.repeat(40_000) } });
    expect(answer.statusCode).toBe(431);
  });
});

describe('a WebSocket', () => {
  const handshake = 'GET /socket HTTP/1.1\r\nHost: hs1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

  test('is passed on both ways, with the secret', async () => {
    fronted.worker.on('upgrade', (request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      socket.write(`${String(request.headers['eyrie-front-secret'])}|`);
      socket.pipe(socket);
    });
    const socket = connect(fronted.clientPort, '127.0.0.1').setEncoding('utf8');
    let received = '';
    socket.on('data', (chunk: string) => (received += chunk));
    socket.write(handshake);
    await until('the handshake', () => received.includes(`${FRONT_SECRET}|`));
    expect(received).toMatch(/^HTTP\/1\.1 101 /);
    socket.write('frame');
    await until('the echo', () => received.endsWith('|frame'));
    socket.destroy();
  });

  test('that the Worker refuses is answered with its answer', async () => {
    handle = (_request, response) => response.writeHead(401).end('{"errcode":"M_MISSING_TOKEN"}');
    const socket = connect(fronted.clientPort, '127.0.0.1');
    socket.write(handshake);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 401 [\s\S]*M_MISSING_TOKEN/);
  });
});
