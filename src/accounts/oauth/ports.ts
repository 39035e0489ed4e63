import type { AccountsDeps } from '../ports.ts';
import type { ClientStore } from './clients.ts';

export interface OAuthDeps extends AccountsDeps {
  readonly clients: ClientStore;
  /** Whether the API is offered. */
  readonly isOAuthOn: () => Promise<boolean>;
}
