// POST /_matrix/client/v3/keys/device_signing/upload (Client-Server API, "Cross-signing")
import { Hono } from 'hono';
import * as v from 'valibot';

import { confirmPassword } from '../../accounts/confirm-password.ts';
import { JsonObjectSchema } from '../json-object-schema.ts';
import { jsonBody } from '../middleware/json-body.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';
import { keyText } from './key-text.ts';

const Key = v.optional(JsonObjectSchema);
const Body = v.object({
  master_key: Key,
  self_signing_key: Key,
  user_signing_key: Key,
  auth: v.optional(v.unknown()),
});

/** The first keys, and the same ones again, need no confirmation. */
export const uploadCrossSigningKeys = ({ requireUser, accounts, shards }: AccountRouteDeps) =>
  new Hono().post('/_matrix/client/v3/keys/device_signing/upload', requireUser, jsonBody(Body), async (c) => {
    const { userId, shard, appservice } = c.var.requester;
    const { auth, ...given } = c.req.valid('json');
    const named = {
      master: given.master_key,
      self_signing: given.self_signing_key,
      user_signing: given.user_signing_key,
    };
    const keys = Object.fromEntries(
      Object.entries(named).flatMap(([usage, key]) => {
        const { unsigned: _unsigned, ...signed } = key ?? {};
        return key === undefined ? [] : [[usage, keyText(signed)] as const];
      }),
    );
    const upload = (isConfirmed: boolean) => shards(shard).uploadSigningKeys({ userId, keys, isConfirmed });
    if (!(await upload(appservice !== undefined))) {
      await confirmPassword(accounts, userId, 'uploadCrossSigningKeys', auth);
      await upload(true);
    }
    return c.json({});
  });
