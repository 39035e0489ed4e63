// PUT /_matrix/client/v3/sendToDevice/{eventType}/{txnId} (Client-Server API, "Send-to-Device messaging")
import { Hono } from 'hono';
import * as v from 'valibot';

import { badJson, invalidParam, tooLarge } from '../../matrix/error.ts';
import { parseUserId } from '../../matrix/ids/user-id.ts';
import { canonicalJson, isCanonical } from '../../matrix/json/canonical-json.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../matrix/json/json-value.ts';
import type { DeviceMessage } from '../../to-device/ports.ts';
import { sendToDevice as send } from '../../to-device/send-to-device.ts';
import { JsonObjectSchema } from '../json-object-schema.ts';
import { jsonBody } from '../middleware/json-body.ts';
import type { AccountRouteDeps } from './accounts-deps.ts';
import { deviceScope } from './from-user.ts';

const Body = v.object({ messages: JsonObjectSchema });

/** Of one request. Clients send to some dozens of devices at a time. */
const MAX_MESSAGES = 1_000;
/** With what surrounds it, it has to fit into an EDU that other servers take. */
const MAX_CONTENT_BYTES = 64_000;
const MAX_NAME_BYTES = 255;

export const sendToDevice = ({ requireUser, limits, toDevice }: AccountRouteDeps) =>
  new Hono().put(
    '/_matrix/client/v3/sendToDevice/:eventType/:txnId',
    requireUser,
    limits.toDevice,
    jsonBody(Body),
    async (c) => {
      const { eventType, txnId } = c.req.param();
      const { requester } = c.var;
      await send(toDevice, {
        sender: requester.userId,
        shard: requester.shard,
        scope: deviceScope(requester),
        txnId,
        type: nameOf(eventType, 'The type of an event'),
        messages: messagesOf(c.req.valid('json').messages),
      });
      return c.json({});
    },
  );

/** Throws `M_INVALID_PARAM`, `M_BAD_JSON`, `M_TOO_LARGE`. */
function messagesOf(messages: JsonObject): readonly DeviceMessage[] {
  const found = Object.entries(messages).flatMap(([user, devices]) => {
    const userId = parseUserId(user);
    if (!userId.ok) throw invalidParam(`A user ID is ${userId.reason}`);
    if (!isJsonObject(devices)) throw badJson('messages must map user IDs to device IDs to contents');
    return Object.entries(devices).map(([deviceId, content]) => ({
      userId: userId.value,
      deviceId: nameOf(deviceId, 'A device ID'),
      content: contentText(content),
    }));
  });
  if (found.length > MAX_MESSAGES) throw tooLarge(`At most ${MAX_MESSAGES} messages can be sent at a time`);
  return found;
}

function nameOf(text: string, what: string): string {
  if (Buffer.byteLength(text) > MAX_NAME_BYTES) throw invalidParam(`${what} may have at most ${MAX_NAME_BYTES} bytes`);
  return text;
}

/** It may have to go to other servers, in canonical JSON. */
function contentText(content: JsonValue | undefined): string {
  if (!isJsonObject(content)) throw badJson('The content of a message is an object');
  const checked = isCanonical(content);
  if (!checked.ok) throw badJson(`A message holds ${checked.reason}`);
  const text = canonicalJson(content);
  if (Buffer.byteLength(text) > MAX_CONTENT_BYTES) {
    throw tooLarge(`A message may have at most ${MAX_CONTENT_BYTES} bytes`);
  }
  return text;
}
