import type { UserId } from '../../matrix/ids/brands.ts';
import type { DeviceStore } from '../devices/device-store.ts';
import type { InboxStore } from './inbox-store.ts';

/** Messages of one request or EDU to devices of the shard. */
export interface Delivery {
  readonly sender: UserId;
  readonly type: string;
  /** A delivery of the same sender with the same ID is received once. */
  readonly messageId: string;
  readonly messages: readonly DeviceMessage[];
  /** Whether it is remembered though no device is there that it is for: it then stands for a whole request. */
  readonly isRemembered: boolean;
}

export interface DeviceMessage {
  readonly userId: UserId;
  /** `*`: all of the user's that no other message of the delivery is for. */
  readonly deviceId: string;
  /** A JSON object, as text. */
  readonly content: string;
}

/** A message that a device of the shard has received. */
export interface ReceivedMessage extends DeviceMessage {
  readonly sender: UserId;
  readonly type: string;
}

export interface InboxStores {
  readonly inbox: InboxStore;
  readonly devices: Pick<DeviceStore, 'device' | 'devices'>;
}

const ALL = '*';

/**
 * Puts messages into the inboxes of devices, in the transaction that is open. A user or a device that is not there is
 * passed over. Source: Client-Server API, "Send-to-Device messaging"; Server-Server API, the same.
 * @param take the next `seq` of the shard.
 * @returns what they received.
 */
export function receiveMessages(
  { inbox, devices }: InboxStores,
  deliveries: readonly Delivery[],
  take: () => number,
  now: number,
): readonly ReceivedMessage[] {
  return deliveries.flatMap((delivery) => {
    const { sender, type, messageId } = delivery;
    if (inbox.hasReceived(sender, messageId)) return [];
    const received = receiversOf(devices, delivery.messages);
    if (received.length > 0) {
      const seq = take();
      for (const { content, ...device } of received) inbox.add(device, { seq, sender, type, content });
    }
    if (received.length > 0 || delivery.isRemembered) inbox.noteReceived(sender, messageId, now);
    return received.map((message) => ({ ...message, sender, type }));
  });
}

/** Each device once: only one message can be sent to it at a time. */
function receiversOf(devices: InboxStores['devices'], messages: readonly DeviceMessage[]): readonly DeviceMessage[] {
  return [...Map.groupBy(messages, ({ userId }) => userId)].flatMap(([userId, ofUser]) => {
    const named = ofUser.filter(({ deviceId }) => deviceId !== ALL && devices.device(userId, deviceId) !== undefined);
    const toAll = ofUser.find(({ deviceId }) => deviceId === ALL);
    if (toAll === undefined) return named;
    const others = devices
      .devices(userId)
      .filter((device) => !named.some(({ deviceId }) => deviceId === device.deviceId));
    return [...named, ...others.map(({ deviceId }) => ({ ...toAll, deviceId }))];
  });
}
