/** One event as the projection keeps it. */
export interface ProjectedEvent {
  readonly eventId: string;
  readonly roomId: string;
  readonly pos: number;
  readonly type: string;
  readonly sender: string;
  readonly originServerTs: number;
}

export interface ProjectedMembership {
  readonly roomId: string;
  readonly userId: string;
  readonly membership: string;
  readonly pos: number;
}

export interface ProjectedRange {
  readonly roomId: string;
  readonly to: number;
  readonly events: readonly ProjectedEvent[];
  readonly memberships: readonly ProjectedMembership[];
}

/** The projection in D1: written in batches, rows replaced only by a larger position (contracts, section 8). */
export interface ProjectionStore {
  write(range: ProjectedRange): Promise<void>;
}
