import * as v from 'valibot';

import { tooLarge } from '../../../matrix/error.ts';
import { JsonObjectSchema } from '../../json-object-schema.ts';
import { opaqueText } from './backup-body.ts';

const Count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));

export const KeyBody = v.object({
  first_message_index: Count,
  forwarded_count: Count,
  is_verified: v.boolean(),
  session_data: JsonObjectSchema,
});

/** From session ID to key. */
export const RoomBody = v.object({ sessions: v.pipe(JsonObjectSchema, v.record(v.string(), KeyBody)) });

/** From room ID to session ID to key. */
export const AllBody = v.object({ rooms: v.pipe(JsonObjectSchema, v.record(v.string(), RoomBody)) });

const MAX_NAME_BYTES = 255;

/** Keys of one room as they are kept. Throws `M_TOO_LARGE`, `M_BAD_JSON`. */
export const keysOfRoom = (roomId: string, { sessions }: v.InferOutput<typeof RoomBody>) =>
  Object.entries(sessions).map(([sessionId, key]) => {
    if ([roomId, sessionId].some((name) => Buffer.byteLength(name) > MAX_NAME_BYTES)) {
      throw tooLarge(`Names of rooms and sessions have at most ${MAX_NAME_BYTES} bytes`);
    }
    return {
      roomId,
      sessionId,
      firstMessageIndex: key.first_message_index,
      forwardedCount: key.forwarded_count,
      isVerified: key.is_verified,
      sessionData: opaqueText(key.session_data),
    };
  });
