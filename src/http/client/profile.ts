// GET /_matrix/client/v3/profile/{userId}, and GET, PUT and DELETE of its fields (Client-Server API, "Profiles")
import { Hono } from 'hono';

import { badJson, forbidden, invalidParam, missingParam, notFound, profileTooLarge } from '../../matrix/error.ts';
import { parseUserId, userIdServer } from '../../matrix/ids/user-id.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import { isJsonObject } from '../../matrix/json/json-value.ts';
import { readJson } from '../middleware/json-body.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';

const MAX_BYTES = { displayname: 256, avatar_url: 1_000 } as const;
type Field = keyof typeof MAX_BYTES;

const PATH = '/_matrix/client/v3/profile/:userId';

export const profile = (deps: AccountRouteDeps) =>
  new Hono()
    .get(PATH, async (c) => c.json(await profileOf(deps, userIdOf(c.req.param('userId')))))
    .get(`${PATH}/:field`, async (c) => {
      const field = c.req.param('field');
      const profileHeld = await profileOf(deps, userIdOf(c.req.param('userId')));
      const held = isField(field) ? profileHeld[field] : undefined;
      if (held === undefined) throw notFound('The profile has no such field');
      return c.json({ [field]: held });
    })
    .put(`${PATH}/:field`, deps.requireUser, async (c) => {
      const field = ownField(c.req.param('field'));
      const body = await readJson(c.req.raw);
      if (!isJsonObject(body)) throw badJson('The body is no object');
      const value = body[field];
      if (value === undefined) throw missingParam(`Missing: ${field}`);
      if (value !== null && typeof value !== 'string') throw badJson(`${field} must be a string`);
      if (value !== null && Buffer.byteLength(value) > MAX_BYTES[field]) throw profileTooLarge(`${field} is too long`);
      await setField(deps, c.var.requester, userIdOf(c.req.param('userId')), field, value === '' ? null : value);
      return c.json({});
    })
    .delete(`${PATH}/:field`, deps.requireUser, async (c) => {
      const field = ownField(c.req.param('field'));
      await setField(deps, c.var.requester, userIdOf(c.req.param('userId')), field, null);
      return c.json({});
    });

async function setField(
  deps: AccountRouteDeps,
  requester: { readonly userId: UserId; readonly shard: string },
  userId: UserId,
  field: Field,
  value: string | null,
): Promise<void> {
  if (requester.userId !== userId) throw forbidden('This is not your profile');
  const shard = deps.shards(requester.shard);
  await shard.setProfile({ userId, field, value: value ?? undefined });
  // The shard tells the other rooms, or all of them where this fails.
  await shard.runRoomJobs({ userId }).catch(() => {});
}

async function profileOf(deps: AccountRouteDeps, userId: UserId) {
  if (userIdServer(userId) !== deps.accounts.serverName) return deps.remoteProfile(userId);
  const shard = await deps.accounts.accounts.shardOf(userId);
  if (shard === undefined) throw notFound('There is no such user');
  return deps.shards(shard).profile({ userId });
}

function userIdOf(text: string): UserId {
  const parsed = parseUserId(text);
  if (!parsed.ok) throw invalidParam('Not a user ID');
  return parsed.value;
}

const isField = (text: string): text is Field => Object.hasOwn(MAX_BYTES, text);

/** A field that may be set here: the capability `m.profile_fields` names the same ones. */
function ownField(text: string): Field {
  if (!isField(text)) throw forbidden('This server keeps no such profile field');
  return text;
}
