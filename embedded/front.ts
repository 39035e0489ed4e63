import { unwatchFile, watchFile } from 'node:fs';
import { createServer as createHttpServer, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';

import { type Certificate, readPair } from './certificate.ts';
import type { Settings } from './flags.ts';
import { forward, forwardUpgrade, type Forwarding } from './forward.ts';
import { StartError } from './start-error.ts';

/** The only thing that listens where others can reach it: plain HTTP for clients, TLS for servers; both serve all. */
export interface Front {
  /** No new requests; those under way get a moment to end, a long poll is cut. */
  close(): Promise<void>;
}

const CERTIFICATE_LOOK_MS = 60_000;
const GRACE_MS = 400;

const limits: ServerOptions = {
  maxHeaderSize: 32 * 1024,
  headersTimeout: 30_000,
  requestTimeout: 3_600_000, // an upload over a slow line
  keepAliveTimeout: 75_000, // longer than that of the usual proxies in front of it, which would meet a closed socket
};

/**
 * Opens both listeners. Requests that come before the runtime is there wait for it.
 * @throws StartError if a port is busy or the address is not ours.
 */
export async function openFront(settings: Settings, certificate: Certificate, forwarding: Forwarding): Promise<Front> {
  const active = new Set<ServerResponse>();
  const watchRequests = (server: Server | HttpsServer): void => {
    server.on('request', (request, response) => {
      active.add(response);
      response.on('close', () => active.delete(response));
      forward(request, response, forwarding);
    });
    server.on('upgrade', (request, socket, head: Buffer) => forwardUpgrade(request, socket, head, forwarding));
  };
  const options = { ...limits, shouldUpgradeCallback: isWebSocket };
  const plain = createHttpServer(options);
  const tls = makeTlsServer(options, certificate);
  watchRequests(plain);
  watchRequests(tls);
  await listen(plain, settings.bind, settings.clientPort);
  try {
    await listen(tls, settings.bind, settings.federationPort);
  } catch (error) {
    plain.close();
    throw error;
  }
  const stopLooking = followRenewal(tls, certificate);

  return {
    async close() {
      stopLooking();
      plain.close();
      tls.close();
      const until = Date.now() + GRACE_MS;
      while (active.size > 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
      plain.closeAllConnections();
      tls.closeAllConnections();
    },
  };
}

function makeTlsServer(options: ServerOptions, { cert, key }: Certificate): HttpsServer {
  try {
    return createHttpsServer({ ...options, cert, key, minVersion: 'TLSv1.2' });
  } catch (error) {
    throw new StartError(`The TLS certificate and key cannot be used: ${(error as Error).message}.`);
  }
}

/** Other upgrades (h2c) are ignored, and their requests answered as usual. */
function isWebSocket(request: { headers: { upgrade?: string | undefined } }): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket';
}

/** Takes up a renewed certificate without a restart. */
function followRenewal(server: HttpsServer, { files }: Certificate): () => void {
  if (files === undefined) return () => {};
  const look = (): void => {
    try {
      server.setSecureContext(readPair(files));
    } catch (error) {
      console.error(`Eyrie keeps its old TLS certificate for now: ${(error as Error).message}`);
    }
  };
  const watched = [files.cert, files.key]; // the second to be written makes a pair again
  for (const file of watched) watchFile(file, { interval: CERTIFICATE_LOOK_MS, persistent: false }, look);
  return () => {
    for (const file of watched) unwatchFile(file, look);
  };
}

function listen(server: Server | HttpsServer, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException): void => reject(new StartError(whyNotListening(error, host, port)));
    server.once('error', refused);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', refused);
      // a connection that could not be taken, as when the descriptors are used up: the next one may be
      server.on('error', (error) => process.stderr.write(`Eyrie: port ${port}: ${error.message}\n`));
      resolve();
    });
  });
}

function whyNotListening(error: NodeJS.ErrnoException, host: string, port: number): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `Port ${port} is in use on ${host}.`;
    case 'EACCES':
      return `Port ${port} on ${host} is not for this user.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is no address of this machine.`;
    default:
      return `Port ${port} on ${host} cannot be opened: ${error.message}.`;
  }
}
