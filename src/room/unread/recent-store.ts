import type { EventId, UserId } from '../../matrix/ids/brands.ts';
import type { JsonObject } from '../../matrix/json/json-value.ts';

/** A live event as far as predefined push rules look at it. It is the same object as long as nothing of it changes. */
export interface RecentEvent {
  readonly eventId: EventId;
  readonly anchor: number;
  readonly sender: UserId;
  readonly type: string;
  readonly stateKey: string | undefined;
  /** It was redacted, or its content has gone with its age. */
  readonly isCut: boolean;
  /** When it was sent (ms), by its sender, but not later than it came. */
  readonly ts: number;
  /** The root of the thread that it is in. */
  readonly thread: EventId | undefined;
  /** Of its content. */
  readonly msgtype: string | undefined;
  readonly relType: string | undefined;
  /** `m.mentions`; `long`: too much to be kept here. */
  readonly mentions: JsonObject | 'long' | undefined;
}

/** The newest live events, kept at hand for what goes over them again and again. */
export interface RecentStore {
  /** The newest 1,000 of `(from, to]`, oldest first. */
  between(from: number, to: number): readonly RecentEvent[];
}
