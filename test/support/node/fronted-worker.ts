import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import { parseSettings } from '../../../embedded/flags.ts';
import { openFront } from '../../../embedded/front.ts';
import { freePorts } from './free-ports.ts';
import { TestAuthority } from './test-authority.ts';
import { readFileSync } from 'node:fs';

export const FRONT_SECRET = 'the secret of this start';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A front in this process, before a Node server that plays the Worker: what passes the front can be looked at. */
export class FrontedWorker {
  clientPort = 0;
  federationPort = 0;
  /** PEM text of the authority of the federation port */
  ca = '';
  worker: Server;
  #port: number | undefined;
  #asked: () => void = () => {};
  #whenThere = Promise.resolve();
  #close: () => Promise<void> = async () => {};

  private constructor(handler: Handler) {
    this.worker = createServer(handler);
  }

  /** @param flags as on the command line, besides the ports. */
  static async open(handler: Handler, flags: string[] = []): Promise<FrontedWorker> {
    const fronted = new FrontedWorker(handler);
    const [clientPort = 0, federationPort = 0] = await freePorts(2);
    Object.assign(fronted, { clientPort, federationPort });
    const ports = ['--client-port', `${clientPort}`, '--federation-port', `${federationPort}`];
    const settings = parseSettings([...ports, ...flags], {});
    const authority = await TestAuthority.make();
    const files = await authority.certificate();
    fronted.ca = authority.caPem;
    const certificate = {
      cert: readFileSync(files.cert, 'utf8'),
      key: readFileSync(files.key, 'utf8'),
      files: undefined,
    };
    const front = await openFront(settings, certificate, {
      identity: { secret: FRONT_SECRET, trustedProxy: settings.trustedProxy },
      target: fronted.#target(),
    });
    fronted.#close = () => front.close();
    await fronted.startWorker();
    return fronted;
  }

  /** Ends the Worker, with its connections. */
  async stopWorker(): Promise<void> {
    this.worker.closeAllConnections();
    await new Promise((resolve) => this.worker.close(resolve));
    this.#whenThere = new Promise((resolve) => (this.#asked = resolve));
  }

  /** Starts it (again) on another port, and says so to whoever waits. */
  async startWorker(): Promise<void> {
    await new Promise<void>((resolve) => this.worker.listen(0, '127.0.0.1', resolve));
    const address = this.worker.address();
    this.#port = address !== null && typeof address === 'object' ? address.port : undefined;
    this.#asked();
  }

  async close(): Promise<void> {
    await this.#close();
    if (this.worker.listening) await this.stopWorker();
  }

  #target(): { port: number | undefined; refresh(): Promise<void> } {
    let port: number | undefined;
    return {
      get port() {
        return port;
      },
      refresh: async () => {
        await this.#whenThere;
        port = this.#port;
      },
    };
  }
}
