import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';

import { intoDirectory } from './data-directory.ts';
import type { Settings } from './flags.ts';
import { StartError } from './start-error.ts';

export interface Certificate {
  /** PEM text */
  cert: string;
  key: string;
  /** the operator's own files, to be read again when they change; undefined when we made the certificate */
  files: { cert: string; key: string } | undefined;
}

/**
 * The certificate of the federation port: the operator's, or one made once under `<data>/tls` for the server name,
 * `localhost` and `127.0.0.1`.
 * @throws StartError if the operator's files cannot be read, or those under `<data>` not be written.
 */
export async function loadCertificate(settings: Settings): Promise<Certificate> {
  if (settings.tls !== undefined) return { ...readPair(settings.tls), files: settings.tls };
  const directory = join(settings.data, 'tls');
  const made = { cert: join(directory, 'cert.pem'), key: join(directory, 'key.pem') };
  const host = hostOf(settings.serverName);
  if (!isMadeFor(made.cert, host)) {
    const { makeAuthority, makeLeaf } = await import('./authority.ts'); // only the first start needs the library
    const authority = await makeAuthority('Eyrie self-made authority');
    const leaf = await makeLeaf(authority, [host, 'localhost', '127.0.0.1']);
    intoDirectory(settings.data, () => {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      rmSync(made.cert, { force: true });
      writeFileSync(join(directory, 'ca.pem'), authority.cert);
      writeFileSync(made.key, leaf.key, { mode: 0o600 });
      writeFileSync(made.cert, leaf.cert); // last: its presence says that the others are whole
    });
  }
  return { ...readPair(made), files: undefined };
}

export function readPair(files: { cert: string; key: string }): { cert: string; key: string } {
  try {
    return { cert: readFileSync(files.cert, 'utf8'), key: readFileSync(files.key, 'utf8') };
  } catch (error) {
    throw new StartError(`The TLS certificate or key cannot be read: ${(error as Error).message}.`);
  }
}

/** False also where a start that failed before it fixed the server name made one for another name. */
function isMadeFor(file: string, host: string): boolean {
  if (!existsSync(file)) return false;
  const certificate = new X509Certificate(readFileSync(file));
  return (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined;
}

/** The host of a server name, without port and brackets. */
function hostOf(serverName: string): string {
  return serverName.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}
