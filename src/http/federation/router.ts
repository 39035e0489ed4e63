import { Hono, type MiddlewareHandler } from 'hono';

import type { AccountsDeps } from '../../accounts/ports.ts';
import type { Notary } from '../../federation/notary.ts';
import type { OwnKeys } from '../../federation/own-keys.ts';
import type { TransactionDeps } from '../../federation/receive/receive-transaction.ts';
import type { ServerName } from '../../matrix/ids/brands.ts';
import type { RequireServer } from '../middleware/require-server.ts';
import { exchangeOpenIdToken } from './exchange-openid-token.ts';
import { getServerKey } from './get-server-key.ts';
import { getVersion } from './get-version.ts';
import { queryServerKeys } from './query-server-keys.ts';
import { sendTransaction } from './send-transaction.ts';

export interface FederationRoutes {
  readonly serverName: ServerName;
  readonly ownKeys: OwnKeys;
  readonly notary: Notary;
  /** Of questions for keys of others, which anybody may ask. */
  readonly limitStrangers: MiddlewareHandler;
  readonly requireServer: RequireServer;
  /** Of routes that are open to callers who do not sign. */
  readonly requireFederation: MiddlewareHandler;
  readonly transactions: TransactionDeps;
  readonly accounts: Pick<AccountsDeps, 'accounts' | 'openIdTokens' | 'now'>;
  readonly now: () => number;
}

/** What other servers ask of us. */
export const federationRoutes = ({
  serverName,
  ownKeys,
  notary,
  limitStrangers,
  requireServer,
  requireFederation,
  transactions,
  accounts,
  now,
}: FederationRoutes) =>
  new Hono()
    .route('/', getServerKey(serverName, ownKeys, now))
    .route('/', queryServerKeys({ notary, limit: limitStrangers, now }))
    .route('/', getVersion())
    .route('/', sendTransaction(requireServer, transactions))
    .route('/', exchangeOpenIdToken(requireFederation, accounts));
