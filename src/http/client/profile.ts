// GET /_matrix/client/v3/profile/{userId}, and GET, PUT and DELETE of its fields (Client-Server API, "Profiles")
import { Hono } from 'hono';

import {
  badJson,
  forbidden,
  guestAccessForbidden,
  invalidParam,
  keyTooLarge,
  missingParam,
  notFound,
  profileTooLarge,
} from '../../matrix/error.ts';
import { isNamespacedId } from '../../matrix/ids/namespaced-id.ts';
import { parseUserId, userIdServer } from '../../matrix/ids/user-id.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../matrix/json/json-value.ts';
import { plainJson } from '../../matrix/json/plain-json.ts';
import { readJson } from '../middleware/json-body.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';

/** The fields that rooms are told of. */
const MAX_BYTES = { displayname: 256, avatar_url: 1_000 } as const;
type RoomField = keyof typeof MAX_BYTES;

const MAX_KEY_BYTES = 255;

const PATH = '/_matrix/client/v3/profile/:userId';

export const profile = (deps: AccountRouteDeps) =>
  new Hono()
    .get(PATH, async (c) => c.json(await profileOf(deps, userIdOf(c.req.param('userId')))))
    .get(`${PATH}/:field`, async (c) => {
      const field = c.req.param('field');
      const profileHeld = await profileOf(deps, userIdOf(c.req.param('userId')));
      const held = Object.hasOwn(profileHeld, field) ? profileHeld[field] : undefined;
      if (held === undefined) throw notFound('The profile has no such field');
      return c.json({ [field]: held });
    })
    .put(`${PATH}/:field`, deps.requireUser, deps.limits.sending, async (c) => {
      const userId = ownProfile(c.var.requester, c.req.param('userId'));
      const field = fieldName(c.req.param('field'));
      refuseGuests(c.var.requester, field);
      const body = await readJson(c.req.raw);
      if (!isJsonObject(body)) throw badJson('The body is no object');
      const value = Object.hasOwn(body, field) ? body[field] : undefined;
      if (value === undefined) throw missingParam(`Missing: ${field}`);
      await setField(deps, c.var.requester, userId, field, value);
      return c.json({});
    })
    .delete(`${PATH}/:field`, deps.requireUser, deps.limits.sending, async (c) => {
      const userId = ownProfile(c.var.requester, c.req.param('userId'));
      const field = fieldName(c.req.param('field'));
      refuseGuests(c.var.requester, field);
      await setField(deps, c.var.requester, userId, field, undefined);
      return c.json({});
    });

/** @param value `undefined` removes the field. */
async function setField(
  deps: AccountRouteDeps,
  requester: { readonly shard: string },
  userId: UserId,
  field: string,
  value: JsonValue | undefined,
): Promise<void> {
  const shard = deps.shards(requester.shard);
  if (!isRoomField(field)) {
    if (field === 'm.tz' && value !== undefined && typeof value !== 'string') throw badJson('m.tz must be a string');
    await shard.setProfileField({ userId, name: field, value: value === undefined ? undefined : plainJson(value) });
    return;
  }
  await shard.setProfile({ userId, field, value: roomFieldValue(field, value) });
  // The shard tells the other rooms, or all of them where this fails.
  await shard.runRoomJobs({ userId }).catch(() => {});
}

/**
 * What a field that rooms are told of is set to. Throws `M_BAD_JSON`, `M_PROFILE_TOO_LARGE`.
 * @param called as who sets it knows the field.
 * @returns `undefined` for what says nothing: it is removed.
 */
export function roomFieldValue(
  field: RoomField,
  value: JsonValue | undefined,
  called: string = field,
): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw badJson(`${called} must be a string`);
  if (Buffer.byteLength(value) > MAX_BYTES[field]) throw profileTooLarge(`${called} is too long`);
  return value;
}

async function profileOf(deps: AccountRouteDeps, userId: UserId): Promise<JsonObject> {
  if (userIdServer(userId) !== deps.accounts.serverName) return deps.remoteProfile(userId);
  const shard = await deps.knownUser(userId);
  if (shard === undefined) throw notFound('There is no such user');
  return deps.shards(shard).wholeProfile({ userId });
}

function userIdOf(text: string): UserId {
  const parsed = parseUserId(text);
  if (!parsed.ok) throw invalidParam('Not a user ID');
  return parsed.value;
}

function ownProfile(requester: { readonly userId: UserId }, text: string): UserId {
  const userId = userIdOf(text);
  if (requester.userId !== userId) throw forbidden('This is not your profile');
  return userId;
}

/** Source: Client-Server API, "Guest access". */
function refuseGuests({ isGuest }: { readonly isGuest: boolean }, field: string): void {
  if (isGuest && field !== 'displayname') throw guestAccessForbidden('Guests may only change their display name');
}

const isRoomField = (text: string): text is RoomField => Object.hasOwn(MAX_BYTES, text);

function fieldName(text: string): string {
  if (Buffer.byteLength(text) > MAX_KEY_BYTES) throw keyTooLarge('The name of a profile field has at most 255 bytes');
  if (!isNamespacedId(text)) throw invalidParam('Not a name of a profile field');
  return text;
}
