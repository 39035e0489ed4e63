import type { JsonObject } from '../../matrix/json/json-value.ts';
import type { Appservice, Appservices } from '../appservices.ts';
import type { Remembered } from './remembered.ts';

export interface AppserviceRequest {
  readonly method: 'GET' | 'PUT' | 'POST';
  /** Behind `/_matrix/app/v1`. */
  readonly path: string;
  /** Behind the URL, for an application service that knows only this. */
  readonly legacyPath?: string;
  readonly body?: string;
  readonly timeoutMs: number;
}

export type AppserviceAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly body: string }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'unreachable'; readonly reason: string };

/** Never rejects. */
export type AskAppservice = (appservice: Appservice, request: AppserviceRequest) => Promise<AppserviceAnswer>;

/** What an isolate knows of what it has asked. */
export interface AskingMemory {
  /** Users and aliases that an application service does not make. */
  readonly missing: Remembered<true>;
  /** What is known of a protocol; `undefined`: no answer. */
  readonly protocols: Remembered<JsonObject | undefined>;
  /** How many questions for users and aliases are under way, by the ID of who is asked. */
  readonly underWay: Map<string, number>;
}

export interface AskingDeps {
  readonly memory: AskingMemory;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly appservices: Pick<Appservices, 'all'>;
  readonly ask: AskAppservice;
  /** The ID of the application service that asks us, if one does: it is not asked what it asks. */
  readonly acting: () => string | undefined;
  readonly after: (delayMs: number) => Promise<void>;
}

/** Whether it can be asked. */
export const hasUrl = ({ registration }: Pick<Appservice, 'registration'>): boolean => registration.url !== undefined;
