// GET /_matrix/client/v3/user/{userId}/rooms/{roomId}/tags, PUT and DELETE of one (Client-Server API, "Room Tagging")
import { Hono } from 'hono';

import { badJson, forbidden, invalidParam } from '../../matrix/error.ts';
import { isJsonObject } from '../../matrix/json/json-value.ts';
import { plainJson } from '../../matrix/json/plain-json.ts';
import { readJson } from '../middleware/json-body.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';
import type { Requester } from './from-user.ts';
import { roomIdOf } from './path-ids.ts';

const TAGS = '/_matrix/client/v3/user/:userId/rooms/:roomId/tags';
const TAG = `${TAGS}/:tag` as const;

/** Source: "Room Tagging", "The tag namespace". */
const MAX_TAG_BYTES = 255;

interface Place {
  readonly userId: string;
  readonly roomId: string;
}

export const roomTags = ({ requireUser, shards }: Pick<AccountRouteDeps, 'requireUser' | 'shards'>) =>
  new Hono()
    .get(TAGS, requireUser, async (c) => {
      const { requester } = c.var;
      return c.json({ tags: await shards(requester.shard).tags(placeOf(requester, c.req.param())) });
    })
    .put(TAG, requireUser, async (c) => {
      const { requester } = c.var;
      const place = placeOf(requester, c.req.param());
      const value = await readJson(c.req.raw);
      if (!isJsonObject(value)) throw badJson('The body is no object');
      await shards(requester.shard).changeTag({ ...place, tag: tagOf(c.req.param('tag')), value: plainJson(value) });
      return c.json({});
    })
    .delete(TAG, requireUser, async (c) => {
      const { requester } = c.var;
      const place = placeOf(requester, c.req.param());
      await shards(requester.shard).changeTag({ ...place, tag: tagOf(c.req.param('tag')), value: undefined });
      return c.json({});
    });

function placeOf({ userId }: Requester, place: Place) {
  if (place.userId !== userId) throw forbidden('These are not your tags');
  return { userId, roomId: roomIdOf(place.roomId) };
}

function tagOf(text: string): string {
  if (Buffer.byteLength(text) > MAX_TAG_BYTES) throw invalidParam('The tag is too long');
  return text;
}
