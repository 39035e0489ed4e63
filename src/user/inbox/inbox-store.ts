import type { UserId } from '../../matrix/ids/brands.ts';
import type { DeviceOf } from '../keys/key-store.ts';

/** A message as it waits for a device. */
export interface WaitingMessage {
  /** Of the shard when the message came. */
  readonly seq: number;
  readonly sender: UserId;
  readonly type: string;
  /** A JSON object, as text. */
  readonly content: string;
}

/** Messages that wait for the devices of a shard's users, and which deliveries brought them. Synchronous. */
export interface InboxStore {
  /** Whether a delivery was received already, as far as that is remembered. */
  hasReceived(sender: UserId, messageId: string): boolean;
  /** Remembers it, and forgets some of the oldest. */
  noteReceived(sender: UserId, messageId: string, now: number): void;
  /** Of an inbox that is full the oldest messages go. */
  add(device: DeviceOf, message: WaitingMessage): void;
  /** The first messages behind `seq`, in order: at most `limit`, and half a megabyte, but one where there is one. */
  after(device: DeviceOf, seq: number, limit: number): readonly WaitingMessage[];
  hasAfter(device: DeviceOf, seq: number): boolean;
  /** @returns whether the inbox has messages up to `seq`. */
  hasUpTo(device: DeviceOf, seq: number): boolean;
  removeUpTo(device: DeviceOf, seq: number): void;
  /** All of it: the device ends. */
  removeInbox(device: DeviceOf): void;
}
