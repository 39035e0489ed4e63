import { Hono } from 'hono';

import type { AskingDeps } from '../../../appservice/asking/ports.ts';
import type { RequireUser } from '../from-user.ts';
import { getProtocolMetadata } from './get-protocol-metadata.ts';
import { getProtocols } from './get-protocols.ts';
import { queryByProtocol } from './query-by-protocol.ts';
import { queryReverse } from './query-reverse.ts';

export interface ThirdPartyDeps {
  readonly requireUser: RequireUser;
  readonly asking: Pick<AskingDeps, 'appservices' | 'ask' | 'memory' | 'now'>;
}

/** Networks that application services bridge. Source: Client-Server API, "Third-party Lookup". */
export const thirdPartyRoutes = (deps: ThirdPartyDeps) =>
  new Hono()
    .route('/', getProtocols(deps))
    .route('/', getProtocolMetadata(deps))
    .route('/', queryByProtocol(deps))
    .route('/', queryReverse(deps));
