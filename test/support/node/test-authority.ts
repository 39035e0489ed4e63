import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { type Authority, makeAuthority, makeLeaf } from '../../../embedded/authority.ts';
import { temporaryDirectory } from './temporary.ts';

/** PEM files of a server certificate. */
export interface TestCertificate {
  cert: string;
  key: string;
}

/** A certificate authority for servers under test, with its files in a temporary directory. */
export class TestAuthority {
  /** path of the authority's certificate, for NODE_EXTRA_CA_CERTS */
  readonly caFile: string;
  /** its PEM text */
  readonly caPem: string;
  readonly directory: string;
  readonly #authority: Authority;
  #leaves = 0;

  private constructor(authority: Authority, directory: string) {
    this.#authority = authority;
    this.directory = directory;
    this.caPem = authority.cert;
    this.caFile = join(directory, 'ca.pem');
    writeFileSync(this.caFile, authority.cert);
  }

  static async make(): Promise<TestAuthority> {
    return new TestAuthority(await makeAuthority('Test authority'), temporaryDirectory('ca'));
  }

  /** Makes a certificate. @param names host names and IP addresses; by default those of this machine. */
  async certificate(names: readonly string[] = ['localhost', '127.0.0.1']): Promise<TestCertificate> {
    const leaf = await makeLeaf(this.#authority, names);
    this.#leaves += 1;
    const [cert, key] = ['cert', 'key'].map((kind) => join(this.directory, `leaf-${this.#leaves}-${kind}.pem`));
    if (cert === undefined || key === undefined) throw new Error('unreachable');
    writeFileSync(cert, leaf.cert);
    writeFileSync(key, leaf.key);
    return { cert, key };
  }
}
