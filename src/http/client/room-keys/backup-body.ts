import * as v from 'valibot';

import { badJson, tooLarge } from '../../../matrix/error.ts';
import { canonicalJson, isCanonical } from '../../../matrix/json/canonical-json.ts';
import type { JsonObject } from '../../../matrix/json/json-value.ts';
import { JsonObjectSchema } from '../../json-object-schema.ts';

/** Of `auth_data`, and of the data of one session. */
const MAX_BYTES = 65_536;

export const BackupBody = v.object({
  algorithm: v.pipe(v.string(), v.maxLength(255)),
  auth_data: JsonObjectSchema,
  version: v.optional(v.string()),
});

/** What only clients understand, as it is kept. Throws `M_BAD_JSON`, `M_TOO_LARGE`. */
export function opaqueText(value: JsonObject): string {
  const checked = isCanonical(value);
  if (!checked.ok) throw badJson(`The backup holds ${checked.reason}`);
  const text = canonicalJson(value);
  if (Buffer.byteLength(text) > MAX_BYTES) throw tooLarge(`At most ${MAX_BYTES} bytes are kept in one piece`);
  return text;
}
