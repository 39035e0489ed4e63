// POST /_matrix/client/v3/pushers/set (Client-Server API, "Push Notifications")
import { Hono } from 'hono';
import * as v from 'valibot';

import { invalidParam } from '../../matrix/error.ts';
import { plainJson } from '../../matrix/json/plain-json.ts';
import { removePusher, setPusher as set } from '../../push/set-pusher.ts';
import { JsonObjectSchema } from '../json-object-schema.ts';
import { jsonBody, validated } from '../middleware/json-body.ts';
import type { PusherRouteDeps } from './pusher-deps.ts';

const Place = v.looseObject({ kind: v.nullable(v.string()), app_id: v.string(), pushkey: v.string() });
const Pusher = v.object({
  app_display_name: v.string(),
  device_display_name: v.string(),
  profile_tag: v.optional(v.string()),
  lang: v.string(),
  data: JsonObjectSchema,
  append: v.optional(v.boolean(), false),
});

export const setPusher = (deps: PusherRouteDeps) =>
  new Hono().post('/_matrix/client/v3/pushers/set', deps.requireUser, jsonBody(Place), async (c) => {
    const { kind, app_id: appId, pushkey, ...rest } = c.req.valid('json');
    const { userId, deviceId, shard } = c.var.requester;
    const key = { userId, appId, pushkey };
    if (kind === null) {
      await removePusher(deps, shard, key);
      return c.json({});
    }
    if (kind !== 'http') throw invalidParam('There are pushers of the kind http alone');
    const { append, data, profile_tag: tag, ...names } = validated(Pusher, rest as Parameters<typeof validated>[1]);
    const { url } = data;
    if (typeof url !== 'string') throw invalidParam('data.url is missing');
    const fields = {
      kind: 'http' as const,
      ...names,
      ...(tag === undefined ? {} : { profile_tag: tag }),
      data: { ...plainJson(data), url },
    };
    await set(deps, shard, { ...key, deviceId, fields }, append);
    return c.json({});
  });
