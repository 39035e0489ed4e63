import type { EventId } from '../matrix/ids/brands.ts';

/** An event of the history: its key there, and the time that it claims. */
export interface TimedEvent {
  readonly eventId: EventId;
  readonly anchor: number;
  readonly sub: number;
  readonly originServerTs: number;
}
