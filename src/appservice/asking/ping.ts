import { connectionFailed, connectionTimeout, badStatus, urlNotSet } from '../../matrix/error.ts';
import type { Appservice } from '../appservices.ts';
import { hasUrl, type AskAppservice } from './ports.ts';

const TIMEOUT_MS = 15_000;
/** What an administrator is shown of a wrong answer. */
const MAX_BODY = 10_000;

/**
 * Whether we reach an application service. @returns in how many milliseconds. Throws `M_URL_NOT_SET`, `M_BAD_STATUS`,
 * `M_CONNECTION_TIMEOUT`, `M_CONNECTION_FAILED`. Source: Application Service API, "Pinging".
 */
export async function ping(
  { ask, now }: { readonly ask: AskAppservice; readonly now: () => number },
  appservice: Appservice,
  transactionId: string | undefined,
): Promise<number> {
  if (!hasUrl(appservice)) throw urlNotSet('The application service has no URL');
  const since = now();
  const body = JSON.stringify(transactionId === undefined ? {} : { transaction_id: transactionId });
  const answer = await ask(appservice, { method: 'POST', path: '/ping', body, timeoutMs: TIMEOUT_MS });
  if (answer.kind === 'timeout') throw connectionTimeout('The application service does not answer');
  if (answer.kind === 'unreachable') {
    throw connectionFailed(`The application service cannot be reached: ${answer.reason}`);
  }
  if (answer.status < 200 || answer.status >= 300) {
    const said = { status: answer.status, body: answer.body.slice(0, MAX_BODY) };
    throw badStatus(`The application service answered ${answer.status}`, said);
  }
  return Math.max(0, now() - since);
}
