import * as v from 'valibot';

import { isJsonObject, type JsonObject, type JsonValue } from '../matrix/json/json-value.ts';

/** A JSON object that is taken as it is: a schema would drop the keys that it does not know. */
export const JsonObjectSchema = v.custom<JsonObject>((value) => isJsonObject(value as JsonValue));
