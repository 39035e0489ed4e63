import { expect, test } from 'vitest';

import { readServerKeys } from '../../../../src/federation/server-keys.ts';
import { getServerKey } from '../../../../src/http/federation/get-server-key.ts';
import { verifyJson } from '../../../../src/matrix/crypto/signed-json.ts';
import { canonicalJson } from '../../../../src/matrix/json/canonical-json.ts';
import { isJsonObject } from '../../../../src/matrix/json/json-value.ts';
import { parseJson } from '../../../../src/matrix/json/strict-json.ts';
import { aServer } from '../../../support/core/test-keys.ts';

const us = aServer('us.test');
const next = aServer('next.test');
const now = 1_800_000_000_000;
const nextKey = { ...next.signingKey, keyId: 'ed25519:next' };
const old = { keyId: 'ed25519:old', publicKey: next.signingKey.publicKey, expiredTs: 5 };

async function answer() {
  const published = async () => ({ current: [us.signingKey, nextKey], old: [old] });
  const response = await getServerKey(us.name, { published }, () => now).request('/_matrix/key/v2/server');
  const text = await response.text();
  const parsed = parseJson(text);
  if (!parsed.ok || !isJsonObject(parsed.value)) throw new Error('not an object');
  return { response, text, json: parsed.value };
}

test('the keys are canonical JSON that another server believes', async () => {
  const { response, text, json } = await answer();
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(text).toBe(canonicalJson(json));
  const read = readServerKeys(json, us.name, now);
  expect(read.ok && read.value.map(({ keyId }) => keyId).sort()).toEqual(['ed25519:1', 'ed25519:next', 'ed25519:old']);
});

test('every current key signs, and the answer holds for more than an hour', async () => {
  const { json } = await answer();
  expect(verifyJson(json, us.name, 'ed25519:1', us.verifyKey)).toBe(true);
  expect(verifyJson(json, us.name, 'ed25519:next', next.verifyKey)).toBe(true);
  expect(json['valid_until_ts']).toBeGreaterThan(now + 3_600_000);
});

test('an old key is listed with the time at which it expired', async () => {
  const { json } = await answer();
  expect(json['old_verify_keys']).toEqual({ 'ed25519:old': { key: old.publicKey, expired_ts: 5 } });
});
