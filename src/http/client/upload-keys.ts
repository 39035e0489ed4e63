// POST /_matrix/client/v3/keys/upload (Client-Server API, "Uploading keys")
import { Hono } from 'hono';
import * as v from 'valibot';

import { badJson, invalidParam, missingParam } from '../../matrix/error.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../matrix/json/json-value.ts';
import { jsonBody } from '../middleware/json-body.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';
import { JsonObjectSchema } from '../json-object-schema.ts';
import { keyText } from './key-text.ts';

const Body = v.object({
  device_keys: v.optional(JsonObjectSchema),
  one_time_keys: v.optional(JsonObjectSchema, {}),
  fallback_keys: v.optional(JsonObjectSchema, {}),
});

export const uploadKeys = ({ requireUser, shards }: AccountRouteDeps) =>
  new Hono().post('/_matrix/client/v3/keys/upload', requireUser, jsonBody(Body), async (c) => {
    const { userId, deviceId, shard } = c.var.requester;
    if (deviceId === '') throw missingParam('Missing: device_id');
    const { device_keys: identity, one_time_keys: oneTime, fallback_keys: fallback } = c.req.valid('json');
    const fallbackKeys = namedKeys(fallback);
    if (new Set(fallbackKeys.map(({ algorithm }) => algorithm)).size < fallbackKeys.length) {
      throw invalidParam('There can be only one fallback key for each algorithm');
    }
    const counts = await shards(shard).uploadKeys({
      userId,
      deviceId,
      deviceKeys: identity === undefined ? undefined : identityKeys(identity, userId, deviceId),
      oneTimeKeys: namedKeys(oneTime),
      fallbackKeys,
    });
    return c.json({ one_time_key_counts: counts });
  });

/** Source: Client-Server API, "Device keys". */
function identityKeys({ unsigned: _unsigned, ...keys }: JsonObject, userId: string, deviceId: string): string {
  if (keys['user_id'] !== userId || keys['device_id'] !== deviceId) {
    throw invalidParam('These are not the keys of your device');
  }
  const { algorithms } = keys;
  if (!Array.isArray(algorithms) || !algorithms.every((name) => typeof name === 'string')) {
    throw badJson('algorithms must be a list of strings');
  }
  if (!isMapOfStrings(keys['keys'])) throw badJson('keys must map names to strings');
  if (!isJsonObject(keys['signatures']) || !Object.values(keys['signatures']).every(isMapOfStrings)) {
    throw badJson('signatures must map user IDs to signatures');
  }
  return keyText(keys);
}

/** Names and values of one-time or fallback keys. Source: Client-Server API, "Key algorithms". */
function namedKeys(keys: JsonObject) {
  return Object.entries(keys).map(([name, value]) => {
    const colon = name.indexOf(':');
    const [algorithm, keyId] = [name.slice(0, colon), name.slice(colon + 1)];
    if (colon < 1 || keyId === '' || name.length > 255) {
      throw invalidParam('The name of a key must be <algorithm>:<key ID>, of at most 255 characters');
    }
    const isKey = typeof value === 'string' || (isJsonObject(value) && typeof value['key'] === 'string');
    if (!isKey) throw badJson('A key must be a string, or an object with a key');
    return { algorithm, keyId, json: keyText(value) };
  });
}

const isMapOfStrings = (value: JsonValue | undefined): boolean =>
  isJsonObject(value) && Object.values(value).every((item) => typeof item === 'string');
