/** One event as the projection keeps it. */
export interface ProjectedEvent {
  readonly eventId: string;
  readonly roomId: string;
  readonly pos: number;
  readonly type: string;
  readonly sender: string;
  readonly originServerTs: number;
  /** The files of this server that it names: media IDs. */
  readonly media?: readonly string[];
}

export interface RedactedEvent {
  readonly eventId: string;
  readonly sender: string;
  /** The files of this server that it named and that may go with it. */
  readonly media: readonly string[];
}

export interface ProjectedMembership {
  readonly roomId: string;
  readonly userId: string;
  readonly membership: string;
  readonly pos: number;
}

/** What the directory shows of a room, and finds it by. */
export interface ProjectedSummary {
  readonly roomId: string;
  readonly pos: number;
  /** 0 for a room that we are not in. */
  readonly joinedMembers: number;
  readonly roomType: string | null;
  /** Lower case. */
  readonly search: string;
  /** JSON. */
  readonly summary: string;
  /** JSON of what administrators are shown besides. */
  readonly details: string;
}

export interface ProjectedRange {
  readonly roomId: string;
  readonly to: number;
  readonly events: readonly ProjectedEvent[];
  readonly memberships: readonly ProjectedMembership[];
  readonly redacted?: readonly RedactedEvent[];
  /** Where something of it changed. */
  readonly summary?: ProjectedSummary | undefined;
  /** Rows of the room with a larger position go before: the room has not reached it. */
  readonly beyond?: number;
}

/** The projection in D1: written in batches, rows replaced only by a larger position (contracts, section 8). */
export interface ProjectionStore {
  /**
   * @param deletesMedia whether files of a redacted event go with it: those that its sender uploaded and no other event
   * names.
   * @returns whether any did; their bytes are still to be removed.
   */
  write(range: ProjectedRange, deletesMedia: boolean): Promise<{ readonly retiredMedia: boolean }>;
}
