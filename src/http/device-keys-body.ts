import * as v from 'valibot';

import type { KeyClaim, KeyQuery } from '../device-keys/ports.ts';
import { invalidParam } from '../matrix/error.ts';
import type { UserId } from '../matrix/ids/brands.ts';
import { parseUserId } from '../matrix/ids/user-id.ts';
import { JsonObjectSchema } from './json-object-schema.ts';

/** From user ID to device IDs, none for all. */
export const DeviceKeysQuery = v.pipe(JsonObjectSchema, v.record(v.string(), v.array(v.string())));

/** From user ID to device ID to algorithm. */
export const OneTimeKeysClaim = v.pipe(
  JsonObjectSchema,
  v.record(v.string(), v.pipe(JsonObjectSchema, v.record(v.string(), v.string()))),
);

/** Throws `M_INVALID_PARAM` for what is no user ID. */
export const keyQueries = (asked: v.InferOutput<typeof DeviceKeysQuery>): readonly KeyQuery[] =>
  Object.entries(asked).map(([userId, deviceIds]) => ({ userId: userIdOf(userId), deviceIds }));

/** Throws `M_INVALID_PARAM` for what is no user ID. */
export const keyClaims = (asked: v.InferOutput<typeof OneTimeKeysClaim>): readonly KeyClaim[] =>
  Object.entries(asked).flatMap(([userId, devices]) =>
    Object.entries(devices).map(([deviceId, algorithm]) => ({ userId: userIdOf(userId), deviceId, algorithm })),
  );

/** Throws `M_INVALID_PARAM` for what is no user ID. */
export function userIdOf(text: string): UserId {
  const parsed = parseUserId(text);
  if (!parsed.ok) throw invalidParam(`A user ID is ${parsed.reason}`);
  return parsed.value;
}
