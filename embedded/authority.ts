import { isIP } from 'node:net';

// oxlint-disable-next-line import/no-unassigned-import -- a polyfill that @peculiar/x509 needs before it
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;
const VALID_DAYS = 3650;

/** A certificate authority that lives in memory; only its certificate is meant to be kept. */
export interface Authority {
  /** PEM text */
  cert: string;
  issuer: x509.X509Certificate;
  privateKey: CryptoKey;
}

/** Makes an authority whose leaves both Node and the Workers runtime accept. */
export async function makeAuthority(name: string): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const issuer = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    ...validity(),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: issuer.toString('pem'), issuer, privateKey: keys.privateKey };
}

/**
 * Makes a server certificate.
 * @param names host names and IP addresses that it is for; the first is its common name.
 * @returns PEM text of certificate and private key.
 */
export async function makeLeaf(authority: Authority, names: readonly string[]): Promise<{ cert: string; key: string }> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const alternatives = [...new Set(names)].map((value) =>
    isIP(value) === 0 ? { type: 'dns' as const, value } : { type: 'ip' as const, value },
  );
  const leaf = await x509.X509CertificateGenerator.create({
    subject: 'CN=Eyrie',
    issuer: authority.issuer.subject,
    publicKey: keys.publicKey,
    signingKey: authority.privateKey,
    ...validity(),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.SubjectAlternativeNameExtension(alternatives),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      await x509.AuthorityKeyIdentifierExtension.create(authority.issuer),
    ],
  });
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { cert: leaf.toString('pem'), key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY') };
}

function validity(): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + VALID_DAYS * DAY_MS) };
}
