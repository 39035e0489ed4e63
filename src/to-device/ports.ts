import type { ServerName, UserId } from '../matrix/ids/brands.ts';

/** What is sent to a device. */
export interface DeviceMessage {
  readonly userId: UserId;
  /** `*`: all of the user's that no other message of the request is for. */
  readonly deviceId: string;
  /** A JSON object, as text. */
  readonly content: string;
}

/** Messages of one request or EDU. */
export interface Delivery {
  readonly sender: UserId;
  readonly type: string;
  /** Whoever has received a delivery of the same sender with this ID takes it no second time. */
  readonly messageId: string;
  readonly messages: readonly DeviceMessage[];
  /** Whether it is remembered though no device is there that it is for: it then stands for a whole request. */
  readonly isRemembered: boolean;
}

/** The shards of local users. */
export interface LocalDevices {
  /** Of those who have an account that is not deactivated. */
  shardsOf(userIds: readonly UserId[]): Promise<ReadonlyMap<UserId, string>>;
  /** In this order. Durable when it resolves. */
  receive(shard: string, deliveries: readonly Delivery[]): Promise<void>;
  hasReceived(shard: string, delivery: Pick<Delivery, 'sender' | 'messageId'>): Promise<boolean>;
}

/** An EDU that is kept for a server until it has it. */
export interface KeptEdu {
  /** One that waits already under the same ID is not taken again. */
  readonly id: string;
  /** JSON of the whole EDU. */
  readonly json: string;
}

/** Other servers. */
export interface RemoteDevices {
  /** Keeps EDUs for a server, in this order. Durable when it resolves. */
  keep(server: ServerName, edus: readonly KeptEdu[]): Promise<void>;
}

export interface ToDeviceDeps {
  readonly serverName: ServerName;
  readonly local: LocalDevices;
  readonly remote: RemoteDevices;
}
