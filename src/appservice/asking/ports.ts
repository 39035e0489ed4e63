import type { Appservice, Appservices } from '../appservices.ts';

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

export interface AskingDeps {
  readonly appservices: Pick<Appservices, 'all'>;
  readonly ask: AskAppservice;
  /** The ID of the application service that asks us, if one does: it is not asked what it asks. */
  readonly acting: () => string | undefined;
  readonly after: (delayMs: number) => Promise<void>;
}

/** Whether it can be asked. */
export const hasUrl = ({ registration }: Pick<Appservice, 'registration'>): boolean => registration.url !== undefined;
