// m.direct_to_device (Server-Server API, "Send-to-device messaging")
import { parseUserId, userIdServer } from '../../../matrix/ids/user-id.ts';
import type { ServerName, UserId } from '../../../matrix/ids/brands.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../matrix/json/json-value.ts';
import { plainJson } from '../../../matrix/json/plain-json.ts';
import type { LastingEduHandler } from '../ports.ts';

/** Of one EDU; what comes after is passed over. */
const MAX_MESSAGES = 1_000;
const MAX_CONTENT_BYTES = 65_536;
/** NOTSPEC: an ID may have 32 characters, but some servers take the client's transaction ID, which may be longer. */
const MAX_NAME_BYTES = 255;

/** Messages of one EDU, of a user of the server that sent it. */
export interface RemoteDelivery {
  readonly sender: UserId;
  readonly type: string;
  /** A delivery of the same sender with the same ID is received once. */
  readonly messageId: string;
  readonly messages: readonly RemoteMessage[];
}

interface RemoteMessage {
  readonly userId: UserId;
  /** `*`: all of the user's. */
  readonly deviceId: string;
  /** A JSON object, as text. */
  readonly content: string;
}

/**
 * Messages of users of the sending server to devices here; what is anything else is dropped.
 * @param receive in this order; durable when it resolves.
 */
export function receiveDirectToDevice(
  serverName: ServerName,
  receive: (deliveries: readonly RemoteDelivery[]) => Promise<void>,
): LastingEduHandler {
  return async (origin, contents) => {
    const deliveries = contents.flatMap((content) => readDelivery(serverName, origin, content));
    if (deliveries.length > 0) await receive(deliveries);
  };
}

function readDelivery(serverName: ServerName, origin: ServerName, content: JsonValue): readonly RemoteDelivery[] {
  const { sender: user, type, message_id: messageId, messages } = isJsonObject(content) ? content : {};
  const sender = typeof user === 'string' ? parseUserId(user) : undefined;
  if (sender?.ok !== true || userIdServer(sender.value) !== origin) return [];
  if (!isName(type) || !isName(messageId) || !isJsonObject(messages)) return [];
  const read = Object.entries(messages).flatMap(([receiver, devices]) => readMessages(serverName, receiver, devices));
  return read.length === 0 ? [] : [{ sender: sender.value, type, messageId, messages: read.slice(0, MAX_MESSAGES) }];
}

function readMessages(serverName: ServerName, user: string, devices: JsonValue | undefined): readonly RemoteMessage[] {
  const userId = parseUserId(user);
  if (!userId.ok || userIdServer(userId.value) !== serverName || !isJsonObject(devices)) return [];
  return Object.entries(devices).flatMap(([deviceId, content]) => {
    const text = isJsonObject(content) && isName(deviceId) ? contentText(content) : undefined;
    return text === undefined ? [] : [{ userId: userId.value, deviceId, content: text }];
  });
}

function contentText(content: JsonObject): string | undefined {
  const text = JSON.stringify(plainJson(content));
  return Buffer.byteLength(text) > MAX_CONTENT_BYTES ? undefined : text;
}

const isName = (value: JsonValue | undefined): value is string =>
  typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= MAX_NAME_BYTES;
