// PUT /_matrix/federation/v1/send/{txnId} (Server-Server API, "Transactions")
import { Hono } from 'hono';

import { receiveTransaction, type TransactionDeps } from '../../federation/receive/receive-transaction.ts';
import type { RequireServer } from '../middleware/require-server.ts';

/** The ID is not looked at: each PDU and EDU is idempotent by itself, and the answer of a repetition is made anew. */
export const sendTransaction = (requireServer: RequireServer, deps: TransactionDeps) =>
  new Hono().put('/_matrix/federation/v1/send/:txnId', requireServer, async (c) => {
    const { origin } = c.var.requester;
    const background = (work: Promise<void>) => c.executionCtx.waitUntil(work);
    return c.json(await receiveTransaction(deps, { origin, body: c.var.body }, background));
  });
