import type { Delivery, DeviceMessage, KeptEdu } from './ports.ts';

/** Larger EDUs some servers do not take; one message may need more. */
const MAX_EDU_BYTES = 65_536;

/**
 * A delivery as `m.direct_to_device` EDUs for one server, as few as its messages fit into. The same delivery always
 * makes the same EDUs with the same IDs. Source: Server-Server API, "Send-to-device messaging".
 */
export function directToDeviceEdus({ sender, type, messageId, messages }: Delivery): readonly KeptEdu[] {
  const emptyBytes = Buffer.byteLength(eduOf({ sender, type, messageId: `${messageId}.0000` }, []));
  const parts: DeviceMessage[][] = [];
  let left = 0;
  for (const message of messages) {
    const bytes = Buffer.byteLength(JSON.stringify({ [message.userId]: { [message.deviceId]: 0 } })) + 1;
    const needed = bytes + Buffer.byteLength(message.content);
    if (parts.length === 0 || needed > left) {
      parts.push([]);
      left = MAX_EDU_BYTES - emptyBytes;
    }
    parts.at(-1)?.push(message);
    left -= needed;
  }
  return parts.map((part, at) => {
    const id = `${messageId}.${at}`;
    return { id: `m.direct_to_device ${sender} ${id}`, json: eduOf({ sender, type, messageId: id }, part) };
  });
}

function eduOf(
  { sender, type, messageId }: Pick<Delivery, 'sender' | 'type' | 'messageId'>,
  messages: readonly DeviceMessage[],
): string {
  const users = [...Map.groupBy(messages, ({ userId }) => userId)].map(([userId, ofUser]) => {
    const devices = ofUser.map(({ deviceId, content }) => `${JSON.stringify(deviceId)}:${content}`);
    return `${JSON.stringify(userId)}:{${devices.join()}}`;
  });
  const head = JSON.stringify({ sender, type, message_id: messageId });
  return `{"edu_type":"m.direct_to_device","content":${head.slice(0, -1)},"messages":{${users.join()}}}}`;
}
