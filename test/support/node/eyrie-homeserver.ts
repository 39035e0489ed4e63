import { type EyrieServer, startEyrie } from './eyrie-server.ts';
import type { TestAuthority } from './test-authority.ts';
import type { Homeserver } from './homeserver.ts';
import type { MatrixClient } from './matrix-client.ts';
import { registerBySharedSecret } from './shared-secret-user.ts';

const SHARED_SECRET = 'shared between the server and the tests';

/** An Eyrie that trusts the same authority as its peers. */
class EyrieHomeserver implements Homeserver {
  readonly software = 'Eyrie';
  readonly #server: EyrieServer;
  #earlier = '';

  constructor(server: EyrieServer) {
    this.#server = server;
  }

  get serverName(): string {
    return this.#server.serverName;
  }

  get federationUrl(): string {
    return this.#server.federationUrl;
  }

  get clientUrl(): string {
    return this.#server.clientUrl;
  }

  pids(): number[] {
    return this.#server.pids();
  }

  async start(): Promise<void> {
    this.#earlier = this.log();
    await this.#server.restart();
  }

  async stop(): Promise<void> {
    await this.#server.stop();
  }

  kill(): Promise<void> {
    return this.#server.kill9('all');
  }

  log(): string {
    return this.#earlier + this.#server.process.output;
  }
}

/** Makes an administrator of a server that {@link startEyrieHomeserver} started. */
export const eyrieAdministrator = ({ clientUrl }: Homeserver, name = 'administrator'): Promise<MatrixClient> =>
  registerBySharedSecret({ clientUrl, sharedSecret: SHARED_SECRET }, name, { admin: true });

/** Starts a new Eyrie with its data below `directory` and a certificate of the authority. */
export async function startEyrieHomeserver(options: {
  directory: string;
  authority: TestAuthority;
  /** default: `localhost:<federation port>` */
  serverName?: string;
  /** default: a free one */
  federationPort?: number;
  /** of another checkout of the project, which has been built; default: this one */
  checkout?: string;
  env?: Record<string, string>;
}): Promise<Homeserver> {
  const { cert, key } = await options.authority.certificate();
  const { serverName, federationPort, checkout } = options;
  const server = await startEyrie({
    data: options.directory,
    tlsCert: cert,
    tlsKey: key,
    registrationSharedSecret: SHARED_SECRET,
    env: { ...options.env, NODE_EXTRA_CA_CERTS: options.authority.caFile },
    ...(serverName === undefined ? {} : { serverName }),
    ...(federationPort === undefined ? {} : { federationPort }),
    ...(checkout === undefined ? {} : { checkout }),
  });
  return new EyrieHomeserver(server);
}
