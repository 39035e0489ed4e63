import type { SigningKey } from '../matrix/crypto/ed25519.ts';
import type { ServerName } from '../matrix/ids/brands.ts';
import type { Result } from '../matrix/result.ts';
import type { RoomVersionRules } from '../matrix/room-versions/rules.ts';
import type { PolicedEvent } from './policy/policy-needed.ts';
import type { RoomStore } from './store.ts';

/** What one turn of a room works with: the clock stands still in it, and nothing in it awaits. */
export interface RoomContext {
  readonly store: RoomStore;
  readonly rules: RoomVersionRules;
  readonly serverName: ServerName;
  readonly signingKey: SigningKey;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** A fresh unguessable string of 18 characters, for event IDs of room versions 1 and 2. */
  readonly randomId: () => string;
  /** The application service that acts: the events of this turn that we make are its. */
  readonly appservice?: string | undefined;
  /** The event that its policy server was asked about for this call. */
  readonly policed?: PolicedEvent;
  /**
   * Runs `work` in a transaction of its own: what throws takes back itself alone, never its neighbours.
   * @returns the value, or the error's message. Throws where the object itself fails (overloaded, reset, storage full).
   */
  readonly attempt: <T>(work: () => T) => Result<T, string>;
}
