import type { UserId } from '../../matrix/ids/brands.ts';
import type { DeviceOf } from '../keys/key-store.ts';

/** A message to a device, for the application service whose user that is. */
export interface AppserviceMessage extends DeviceOf {
  readonly sender: UserId;
  readonly type: string;
  /** A JSON object, as text. */
  readonly content: string;
  /** When it came, in milliseconds since the epoch. */
  readonly ts: number;
}

export interface NumberedMessage extends AppserviceMessage {
  /** Their order. */
  readonly number: number;
}

/** Messages that application services are still to have. Synchronous. */
export interface AppserviceMessageStore {
  /** Of too many for one the oldest go. */
  add(appserviceId: string, message: AppserviceMessage): void;
  /** The first behind `number`, at most `limit` and half a megabyte, but one where there is one. */
  after(appserviceId: string, number: number, limit: number): readonly NumberedMessage[];
  /** How many there are behind `number`. */
  countAfter(appserviceId: string, number: number): number;
  hasUpTo(appserviceId: string, number: number): boolean;
  /**
   * Removes those of before a time (ms) for application services that are not among these.
   * @returns whether there are later ones for such.
   */
  removeEnded(registered: readonly string[], before: number): boolean;
  removeUpTo(appserviceId: string, number: number): void;
}
