import { expect, test } from 'vitest';
import { decodeBase64 } from '../../../src/matrix/crypto/base64.ts';
import { signingKeyFromSeed } from '../../../src/matrix/crypto/ed25519.ts';
import { contentHash } from '../../../src/matrix/event/hashes.ts';
import { signatureOf } from '../../../src/matrix/event/sign.ts';
import type { ServerName } from '../../../src/matrix/ids/brands.ts';
import type { JsonObject } from '../../../src/matrix/json/json-value.ts';
import { rulesOf } from '../../support/core/rules-of.ts';

// Appendices, "Cryptographic Test Vectors", "Event Signing".
const seed = decodeBase64('YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1') ?? new Uint8Array();
const signingKey = signingKeyFromSeed('ed25519:1', seed);

const minimal: JsonObject = {
  room_id: '!x:domain',
  sender: '@a:domain',
  origin: 'domain',
  origin_server_ts: 1_000_000,
  signatures: {},
  hashes: {},
  type: 'X',
  content: {},
  prev_events: [],
  auth_events: [],
  depth: 3,
  unsigned: { age_ts: 1_000_000 },
};

const redactable: JsonObject = {
  content: { body: 'Here is the message content' },
  event_id: '$0:domain',
  origin: 'domain',
  origin_server_ts: 1_000_000,
  type: 'm.room.message',
  room_id: '!r:domain',
  sender: '@u:domain',
  signatures: {},
  unsigned: { age_ts: 1_000_000 },
};

const vectors: readonly [string, JsonObject, string, string][] = [
  [
    'a minimally-sized event',
    minimal,
    '5jM4wQpv6lnBo7CLIghJuHdW+s2CMBJPUOGOC89ncos',
    'KxwGjPSDEtvnFgU00fwFz+l6d2pJM6XBIaMEn81SXPTRl16AqLAYqfIReFGZlHi5KLjAWbOoMszkwsQma+lYAg',
  ],
  [
    'an event containing redactable content',
    redactable,
    'onLKD1bGljeBWQhWZ1kaP9SorVmRQNdN5aM2JYU2n/g',
    'Wm+VzmOUOz08Ds+0NTWb1d4CZrVsJSikkeRxh6aCcUwu6pNC78FunoD7KNWzqFn241eYHYMGCA5McEiVPdhzBA',
  ],
];

test.each(vectors)("the specification's vector: %s", (_what, event, hash, signature) => {
  expect(contentHash(event)).toBe(hash);
  const hashed = { ...event, hashes: { sha256: hash } };
  for (const version of ['1', '4', '10']) {
    expect(signatureOf(rulesOf(version), hashed, 'domain' as ServerName, signingKey)).toEqual({
      domain: { 'ed25519:1': signature },
    });
  }
});
