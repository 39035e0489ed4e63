import * as v from 'valibot';

import { invalidParam } from '../../matrix/error.ts';
import { isJsonObject, type JsonObject } from '../../matrix/json/json-value.ts';
import { plainJson } from '../../matrix/json/plain-json.ts';
import type { SignedBinding } from '../../rooms/third-party/ports.ts';
import { JsonObjectSchema } from '../json-object-schema.ts';
import { userIdIn } from './request-ids.ts';

/** `signed` of a third-party invite. It is passed on as it is: what an identity server signed is all of it. */
export const SignedSchema = v.pipe(
  JsonObjectSchema,
  v.check(({ mxid, token, signatures }) => {
    const isText = typeof mxid === 'string' && typeof token === 'string';
    return isText && isJsonObject(signatures);
  }, 'what an identity server signed'),
);

/** Throws `M_INVALID_PARAM`. */
export function signedBinding(signed: JsonObject): SignedBinding {
  const { mxid, token } = signed;
  if (typeof mxid !== 'string' || typeof token !== 'string') throw invalidParam('signed lacks its user or token');
  return { ...plainJson(signed), mxid: userIdIn(mxid), token };
}
