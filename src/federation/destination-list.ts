import type { ServerName } from '../matrix/ids/brands.ts';

export interface ListedDestination {
  readonly server: ServerName;
  /** Milliseconds since the epoch. */
  readonly registeredTs: number;
}

/** The servers that have an object here, as an administrator finds them. */
export interface DestinationList {
  /** By name. */
  page(filter: {
    /** Part of the name. */
    readonly search: string | undefined;
    /** The last one of the page before. */
    readonly after: string | undefined;
    readonly limit: number;
  }): Promise<readonly ListedDestination[]>;
  find(server: ServerName): Promise<ListedDestination | undefined>;
}
