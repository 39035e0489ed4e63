import { invalidParam, missingParam, notFound } from '../matrix/error.ts';
import type { ServerName } from '../matrix/ids/brands.ts';
import type { JsonObject } from '../matrix/json/json-value.ts';
import { asTokenHash } from './appservices.ts';
import { interestsOf } from './interests.ts';
import type { RegisteredQueue, Registration, RegistrationStore, SecretWrapper, SenderAccounts } from './ports.ts';
import { readRegistration, type UrlRules } from './registration.ts';

export interface AdministerDeps {
  readonly serverName: ServerName;
  readonly store: RegistrationStore;
  readonly secrets: SecretWrapper;
  readonly senders: SenderAccounts;
  readonly urls: UrlRules;
  readonly changed: () => void;
  /** What waits for it. */
  readonly queue: RegisteredQueue;
  readonly now: () => number;
}

/**
 * Makes or replaces a registration; tokens that are left out stay as they are. Throws `M_INVALID_PARAM` with what is
 * wrong with it, `M_MISSING_PARAM` for a new one without tokens.
 * @param by who is written into the audit log.
 */
export async function putRegistration(
  deps: AdministerDeps,
  by: string,
  id: string,
  body: JsonObject,
): Promise<Registration> {
  const read = readRegistration({ id, ...body }, deps.urls);
  if (!read.ok) throw invalidParam(read.reason);
  const { registration, asToken, hsToken } = read.value;
  if (registration.id !== id) throw invalidParam('id is another than that of the path');
  const before = await deps.store.find(id);
  const hash = asToken === undefined ? before?.asTokenHash : asTokenHash(asToken);
  if (hash === undefined) throw missingParam('Missing: as_token');
  const wrappedHsToken = hsToken === undefined ? before?.wrappedHsToken : await deps.secrets.wrap(hsToken);
  if (wrappedHsToken === undefined) throw missingParam('Missing: hs_token');
  await deps.senders.ensure(interestsOf(registration, deps.serverName).sender);
  if (!(await deps.store.put({ registration, asTokenHash: hash, wrappedHsToken }, by, deps.now()))) {
    throw invalidParam('Another registration has that as_token');
  }
  deps.changed();
  // It is registered, whatever its object says: that begins with the next thing it is told, or is asked.
  await deps.queue.registered(id).catch(() => undefined);
  return registration;
}

/** Its users, and what they said, stay. Throws `M_NOT_FOUND`. */
export async function removeRegistration(deps: AdministerDeps, by: string, id: string): Promise<void> {
  if (!(await deps.store.remove(id, by, deps.now()))) throw notFound('There is no such application service');
  deps.changed();
  await deps.queue.removed(id);
}

/** In whose name a file is imported, in the audit log. */
const BY_FILE = 'registration file';

/**
 * {@link putRegistration} of a whole file, which has its tokens. One that says what is kept already changes nothing: files
 * are read at every start. Throws `M_INVALID_PARAM`, `M_MISSING_PARAM`.
 */
export async function importRegistration(deps: AdministerDeps, body: JsonObject): Promise<void> {
  const read = readRegistration(body, deps.urls);
  if (!read.ok) throw invalidParam(read.reason);
  const { registration, asToken, hsToken } = read.value;
  if (asToken === undefined || hsToken === undefined) throw missingParam('Missing: as_token or hs_token');
  const held = await deps.store.find(registration.id);
  const isSame =
    held !== undefined &&
    held.asTokenHash === asTokenHash(asToken) &&
    JSON.stringify(held.registration) === JSON.stringify(registration) &&
    (await deps.secrets.unwrap(held.wrappedHsToken)) === hsToken;
  if (!isSame) await putRegistration(deps, BY_FILE, registration.id, body);
}
