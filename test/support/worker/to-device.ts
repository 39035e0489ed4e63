import { expect } from 'vitest';

import { logIn, type Answer, type TestUser } from './ask.ts';
import { clientOf, type Client } from './client.ts';

export type Messages = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

let sent = 0;

/** Sends messages of type `m.test`. */
export async function send(client: Client, messages: Messages, txnId?: string, type = 'm.test'): Promise<Answer> {
  sent += 1;
  return client.ask('PUT', `/sendToDevice/${type}/${txnId ?? `txn${sent}`}`, { messages });
}

/** The same, and it has to succeed. */
export async function sent200(client: Client, messages: Messages, txnId?: string): Promise<void> {
  expect(await send(client, messages, txnId)).toMatchObject({ status: 200, body: {} });
}

/** One message to a device of a user. */
export const to = (device: Pick<TestUser, 'userId' | 'deviceId'>, n: number): Messages => ({
  [device.userId]: { [device.deviceId]: { n } },
});

export interface Received {
  readonly next: string;
  /** The `n` of each message. */
  readonly numbers: readonly unknown[];
}

/** One sync of a device. */
export async function receive(client: Client, since?: string, timeout = '0'): Promise<Received> {
  const body = await client.sync(since === undefined ? {} : { since, timeout });
  return { next: body.next_batch, numbers: (body.to_device?.events ?? []).map(({ content }) => content['n']) };
}

/** Another device of a user. */
export async function anotherDevice(client: Client): Promise<Client> {
  const { body } = await logIn(client.userId);
  return clientOf({ ...client, token: String(body['access_token']), deviceId: String(body['device_id']) });
}
