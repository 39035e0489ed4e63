import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { answer, decoded, jsonOf } from './bodies.ts';
import { type Ephemeral, foldEphemeral, foldEvent } from './fold.ts';
import { ensureRegistered } from './people.ts';
import type { MatrixEvent, Workspace } from './workspace.ts';

const LARGEST_TRANSACTION = 16 * 1024 * 1024;
const REMEMBERED_MS = 30 * 24 * 3600_000;

export interface Transaction {
  readonly events?: readonly MatrixEvent[];
  readonly ephemeral?: readonly Ephemeral[];
}

/** What Eyrie asks and tells, below `/_matrix/app/v1/`. Nobody else may: it proves itself by the `hs_token`. */
export async function receive(workspace: Workspace, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://workspace');
  if (!isSame(request.headers.authorization ?? '', `Bearer ${workspace.config.hsToken}`)) {
    return answer(response, 403, { errcode: 'M_FORBIDDEN', error: 'This is not the hs_token.' });
  }
  const [, what = '', encoded = ''] = /^\/_matrix\/app\/v1\/(\w+)\/?(.*)$/.exec(pathname) ?? [];
  const named = decoded(encoded);
  if (request.method === 'PUT' && what === 'transactions') {
    takeTransaction(workspace, named, await jsonOf(request, LARGEST_TRANSACTION));
    return answer(response, 200, {});
  }
  if (request.method === 'POST' && what === 'ping') return answer(response, 200, {});
  if (request.method === 'GET' && what === 'users' && (await ensureRegistered(workspace, named))) {
    return answer(response, 200, {});
  }
  return answer(response, 404, { errcode: 'M_NOT_FOUND', error: 'The workspace does not know that.' });
}

/** Takes a transaction once, however often it is sent: all of it is in the database, or nothing. */
export function takeTransaction(workspace: Workspace, txnId: string, transaction: Transaction): void {
  const { database } = workspace;
  database.transaction(() => {
    const now = Date.now();
    if (database.run('INSERT OR IGNORE INTO transactions VALUES (?, ?)', txnId, now) === 0) return;
    for (const event of transaction.events ?? []) foldEvent(workspace, event);
    for (const told of transaction.ephemeral ?? []) foldEphemeral(workspace, told);
    database.run('DELETE FROM transactions WHERE ts < ?', now - REMEMBERED_MS);
  });
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

const isSame = (given: string, expected: string): boolean => timingSafeEqual(digest(given), digest(expected));
