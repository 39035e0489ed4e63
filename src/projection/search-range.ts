/** The text of one event as it is now: of its newest edit, or none since it was redacted. */
export interface SearchedText {
  readonly eventId: string;
  readonly type: string;
  readonly sender: string;
  /** When it was sent, by its sender, but not later than it came: what is claimed of the future is not believed. */
  readonly ts: number;
  /** Folded, with a space between them; `null`: nothing of it may be kept. */
  readonly words: string | null;
}

/** What the database of search is told of a room. */
export interface SearchRange {
  readonly roomId: string;
  /** The head of the stream when the texts were read: nothing replaces what was read later. */
  readonly asOf: number;
  /** An event at most once. */
  readonly texts: readonly SearchedText[];
  /** With this everything before is there, too. */
  readonly completes: boolean;
}

/** The second database, which holds words alone: D1 cannot export one with FTS5 tables (contracts, section 8). */
export interface SearchWriter {
  /** @returns whether everything of the room is there: if not, what came before has to be filled in. */
  write(range: SearchRange): Promise<{ readonly isComplete: boolean }>;
}
