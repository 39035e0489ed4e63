import * as v from 'valibot';

import type { JsonObject } from '../../matrix/json/json-value.ts';

/** What calls that change one's own membership may say. */
export const ReasonBody = v.object({ reason: v.optional(v.string()) });

/** What calls that change another's membership say. */
export const TargetBody = v.object({ user_id: v.string(), reason: v.optional(v.string()) });

export function reasonContent({ reason }: { readonly reason?: string | undefined }): JsonObject {
  return reason === undefined ? {} : { reason };
}
