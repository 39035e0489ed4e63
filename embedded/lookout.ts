import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls';

/** Until a connection is there, with its certificate, ms. */
const TIMEOUT_MS = 5_000;

/**
 * Looks for the Worker at what it cannot see: `addresses` of a host, and the `connection` to one of them, with the
 * certificate. Which may be connected to is for the Worker to say, which asks on behalf of an administrator.
 */
export async function lookOut(request: { url: string; json(): Promise<unknown> }): Promise<Response> {
  const asked = (await request.json()) as { host: string; address: string; port: number };
  const isOfAddresses = new URL(request.url).pathname === '/addresses';
  return Response.json(isOfAddresses ? await addressesOf(asked.host) : await connectionTo(asked));
}

async function addressesOf(host: string): Promise<object> {
  try {
    return { addresses: (await lookup(host, { all: true })).map(({ address }) => address) };
  } catch (error) {
    return { error: (error as NodeJS.ErrnoException).code ?? (error as Error).message };
  }
}

function connectionTo({ host, address, port }: { host: string; address: string; port: number }): Promise<object> {
  const name = host.replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    let isConnected = false;
    const socket = connect({
      host: address,
      port,
      ...(isIP(name) === 0 ? { servername: name } : {}),
      // what is not trusted is told, too
      rejectUnauthorized: false,
      timeout: TIMEOUT_MS,
    });
    const end = (sight: object): void => {
      socket.destroy();
      resolve(sight);
    };
    const fail = (reason: string): void => end({ kind: isConnected ? 'no-tls' : 'refused', reason });
    socket.once('connect', () => (isConnected = true));
    socket.once('timeout', () => fail(`no answer within ${TIMEOUT_MS / 1000} s`));
    socket.once('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    socket.once('secureConnect', () => end({ kind: 'tls', certificate: certificateOf(socket) }));
  });
}

function certificateOf(socket: TLSSocket): object {
  const { subject, issuer, subjectaltname, valid_to: validTo } = socket.getPeerCertificate();
  // typed as an Error, and often a code
  const reason = socket.authorizationError as Error | string | null;
  return {
    protocol: socket.getProtocol() ?? 'TLS',
    isTrusted: socket.authorized,
    reason: reason instanceof Error ? reason.message : (reason ?? ''),
    subject: nameOf(subject),
    names: subjectaltname ?? 'no name',
    issuer: nameOf(issuer),
    validTo: validTo ?? 'unknown',
  };
}

/** A certificate may have none. */
function nameOf(of: PeerCertificate['subject'] | undefined): string {
  const { CN, O } = of ?? {};
  return [CN ?? O ?? 'unnamed'].flat().join(', ');
}
