import type { Config } from './config.ts';
import type { Database } from './database.ts';
import type { Homeserver } from './homeserver.ts';
import type { Jobs } from './jobs.ts';

/** What every part of the workspace works with. */
export interface Workspace {
  readonly config: Config;
  readonly database: Database;
  readonly homeserver: Homeserver;
  readonly jobs: Jobs;
}

export type Content = Readonly<Record<string, unknown>>;

/** An event as application services are pushed it, and as `/state` and `/messages` have it. */
export interface MatrixEvent {
  readonly event_id: string;
  readonly room_id: string;
  readonly type: string;
  readonly sender: string;
  readonly state_key?: string;
  readonly origin_server_ts: number;
  readonly content: Content;
  readonly redacts?: string;
  readonly unsigned?: Content;
}

/** Anybody may write anything into an event: what is no object counts as an empty one. */
export const asObject = (value: unknown): Content =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Content) : {};

export const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

export const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

export const isOurs = ({ config }: Workspace, userId: string): boolean =>
  userId.slice(userId.indexOf(':') + 1) === config.domain;
