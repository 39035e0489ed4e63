// POST /_matrix/client/v3/keys/signatures/upload (Client-Server API, "Cross-signing")
import { Hono } from 'hono';
import * as v from 'valibot';

import { masterKeysOf } from '../../device-keys/master-keys.ts';
import { nested } from '../../device-keys/key-answers.ts';
import { badJson, tooLarge } from '../../matrix/error.ts';
import { isJsonObject, type JsonObject } from '../../matrix/json/json-value.ts';
import { userIdOf } from '../device-keys-body.ts';
import { JsonObjectSchema } from '../json-object-schema.ts';
import { jsonBody } from '../middleware/json-body.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';
import { keyText } from './key-text.ts';

const MAX_SIGNED = 1_000;
const REMOTE_TIMEOUT_MS = 10_000;

const Body = v.pipe(JsonObjectSchema, v.record(v.string(), JsonObjectSchema));

export const uploadCrossSigningSignatures = ({ requireUser, shards, deviceKeys }: AccountRouteDeps) =>
  new Hono().post('/_matrix/client/v3/keys/signatures/upload', requireUser, jsonBody(Body), async (c) => {
    const { userId, shard } = c.var.requester;
    const signed = signedKeys(c.req.valid('json'));
    const others = [...new Set(signed.map((one) => one.userId))].filter((other) => other !== userId);
    const masterKeys = await masterKeysOf(deviceKeys, others, REMOTE_TIMEOUT_MS, { userId, shard });
    const failed = await shards(shard).uploadSignatures({ userId, signed, masterKeys });
    const failures = nested(
      failed,
      (failure) => failure.userId,
      (ofUser) => Object.fromEntries(ofUser.map(({ key, errcode, error }) => [key, { errcode, error }])),
    );
    return c.json({ failures });
  });

/** From user ID to key ID to key. Throws `M_BAD_JSON`, `M_INVALID_PARAM`, `M_TOO_LARGE`. */
function signedKeys(body: Readonly<Record<string, JsonObject>>) {
  const signed = Object.entries(body).flatMap(([user, keys]) =>
    Object.entries(keys).map(([key, json]) => {
      if (!isJsonObject(json)) throw badJson('A signed key must be an object');
      return { userId: userIdOf(user), key, json: keyText(json) };
    }),
  );
  if (signed.length > MAX_SIGNED) throw tooLarge(`At most ${MAX_SIGNED} keys are signed at once`);
  return signed;
}
