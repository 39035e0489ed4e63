import type { ServerName } from '../matrix/ids/brands.ts';

/**
 * Which servers have an object here. Nobody else's name is ever used to address one: a stranger could otherwise leave
 * any number of them behind (contracts, section 3, "No object for strangers").
 */
export interface DestinationRegistry {
  has(server: ServerName): Promise<boolean>;
  /** Before the first call to its object: it shares a room with us, or we contact it. */
  add(server: ServerName): Promise<void>;
  /** The same for many, in one write. */
  addAll(servers: readonly ServerName[]): Promise<void>;
  /** At most 500 of them, those that were registered last first. */
  latest(): Promise<readonly ServerName[]>;
}
