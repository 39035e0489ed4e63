import { createHash } from 'node:crypto';
import { signingKeyFromSeed, verifyKeyFromBase64 } from '../../../src/matrix/crypto/ed25519.ts';
import type { SigningKey, VerifyKey } from '../../../src/matrix/crypto/ed25519.ts';
import type { ServerName } from '../../../src/matrix/ids/brands.ts';
import { parseServerName } from '../../../src/matrix/ids/server-name.ts';

/** A server of the tests and its signing key, always the same one for a name. */
export interface TestServer {
  readonly name: ServerName;
  readonly signingKey: SigningKey;
  readonly verifyKey: VerifyKey;
}

export function aServer(name: string): TestServer {
  const parsed = parseServerName(name);
  if (!parsed.ok) throw new Error(`${name}: ${parsed.reason}`);
  const signingKey = signingKeyFromSeed('ed25519:1', createHash('sha256').update(name).digest());
  const verifyKey = verifyKeyFromBase64(signingKey.publicKey);
  if (verifyKey === undefined) throw new Error('no verify key');
  return { name: parsed.value, signingKey, verifyKey };
}
