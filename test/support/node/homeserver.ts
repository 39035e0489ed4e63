/** A homeserver under test, whichever software it runs. */
export interface Homeserver {
  readonly software: 'Eyrie' | 'Synapse';
  /** `localhost:<federation port>`, unless it was started with another one */
  readonly serverName: string;
  /** `https://<host>:<federation port>`, of the server itself where something stands before it */
  readonly federationUrl: string;
  /** plain HTTP on loopback */
  readonly clientUrl: string;
  /** The IDs of the processes that it runs as. */
  pids(): number[];
  /** Asks it to end and waits until it has. */
  stop(): Promise<void>;
  /** Starts it again with the same data and waits until it answers. */
  start(): Promise<void>;
  /** Ends it without asking, as a power cut would. */
  kill(): Promise<void>;
  /** Everything that it printed or logged so far. */
  log(): string;
}
