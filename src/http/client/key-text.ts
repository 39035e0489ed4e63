import { badJson, invalidParam } from '../../matrix/error.ts';
import { canonicalJson, isCanonical } from '../../matrix/json/canonical-json.ts';
import type { JsonValue } from '../../matrix/json/json-value.ts';

/** Identity keys are copied into every answer about the user. */
const MAX_KEY_BYTES = 16_384;

/** A key as it is kept. Throws `M_BAD_JSON`, `M_INVALID_PARAM`. */
export function keyText(value: JsonValue): string {
  const checked = isCanonical(value);
  if (!checked.ok) throw badJson(`A key holds ${checked.reason}`);
  const text = canonicalJson(value);
  if (Buffer.byteLength(text) > MAX_KEY_BYTES) throw invalidParam(`A key may have at most ${MAX_KEY_BYTES} bytes`);
  return text;
}
