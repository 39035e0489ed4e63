import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

import { encodeBase64Url } from '../matrix/crypto/base64.ts';
import { AuthenticationNeeded, MatrixError } from '../matrix/error.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../matrix/json/json-value.ts';

/**
 * User-interactive authentication with flows of one stage each, so that nothing has to be remembered between requests
 * and no stage that was passed elsewhere counts: a session is a random value signed for one operation, with the time it
 * was made. Source: Client-Server API, "User-Interactive Authentication API".
 */
export interface Uia {
  /** For example the endpoint's operationId and the user: a session of another operation is none. */
  readonly operation: string;
  /** The stage types, each a whole flow. */
  readonly stages: readonly string[];
}

export interface UiaDeps {
  /** The deployment's secret. */
  readonly secret: string;
  readonly now: () => number;
}

const SESSION_LIFE_MS = 900_000;

/**
 * @param given the request's `auth`, of whatever type.
 * @returns it, if its type is one of the stages and its session, where it has one, is ours. Throws 401 with the flows.
 */
export function requireStage(uia: Uia, given: unknown, deps: UiaDeps): JsonObject {
  const auth = given as JsonValue | undefined;
  if (!isJsonObject(auth)) throw challenge(uia, deps);
  const { type, session } = auth;
  if (typeof type !== 'string' || !uia.stages.includes(type)) throw challenge(uia, deps, { auth });
  if (session !== undefined && !isOurs(uia, session, deps)) throw challenge(uia, deps);
  return auth;
}

/**
 * The 401 that lists the flows. It is an error, with an errcode, only after a stage that failed.
 * @param auth what was tried: its session goes on, if it is ours.
 */
export function challenge(
  uia: Uia,
  deps: UiaDeps,
  { auth, failed }: { readonly auth?: JsonObject; readonly failed?: MatrixError } = {},
): MatrixError {
  const session = auth?.['session'];
  const extra = {
    flows: uia.stages.map((stage) => ({ stages: [stage] })),
    params: {},
    session: session !== undefined && isOurs(uia, session, deps) ? session : newSession(uia, deps),
    completed: [],
  };
  return failed === undefined
    ? new AuthenticationNeeded(extra)
    : new MatrixError(401, failed.errcode, failed.message, extra);
}

function newSession(uia: Uia, { secret, now }: UiaDeps): string {
  const body = `${now().toString(36)}.${encodeBase64Url(randomBytes(12))}`;
  return `${body}.${sign(uia, body, secret)}`;
}

function isOurs(uia: Uia, session: JsonValue, { secret, now }: UiaDeps): boolean {
  if (typeof session !== 'string') return false;
  const [made = '', random = '', signature = ''] = session.split('.');
  const expected = Buffer.from(sign(uia, `${made}.${random}`, secret));
  const given = Buffer.from(signature);
  if (given.byteLength !== expected.byteLength || !timingSafeEqual(given, expected)) return false;
  return now() - Number.parseInt(made, 36) < SESSION_LIFE_MS;
}

function sign(uia: Uia, body: string, secret: string): string {
  return createHmac('sha256', secret).update(`uia\0${uia.operation}\0${body}`).digest('base64url');
}
