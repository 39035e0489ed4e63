import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

import { encodeBase64Url } from '../matrix/crypto/base64.ts';
import { AuthenticationNeeded, MatrixError } from '../matrix/error.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../matrix/json/json-value.ts';

/**
 * User-interactive authentication. A session is a random value signed for one operation, with the time it was made, so
 * that nothing has to be remembered of flows of one stage, and no stage that was passed elsewhere counts.
 * Source: Client-Server API, "User-Interactive Authentication API".
 */
export interface Uia {
  /** For example the endpoint's operationId and the user: a session of another operation is none. */
  readonly operation: string;
  /** The stage types of each, in their order. */
  readonly flows: readonly (readonly string[])[];
  /** What a client has to know of a stage, by its type. */
  readonly params?: JsonObject;
}

/** How long a session goes on, ms. */
export const SESSION_LIFE_MS = 900_000;

export interface UiaDeps {
  /** The deployment's secret. */
  readonly secret: string;
  readonly now: () => number;
}

/**
 * @param given the request's `auth`, of whatever type.
 * @param completed what was passed in its session.
 * @returns it, if its type is the next stage of a flow and its session, where it has one, is ours. Throws 401 with the
 * flows.
 */
export function requireStage(
  uia: Uia,
  given: unknown,
  deps: UiaDeps,
  completed: readonly string[] = [],
): JsonObject & { readonly type: string } {
  const auth = given as JsonValue | undefined;
  if (!isJsonObject(auth)) throw challenge(uia, deps);
  const { type, session } = auth;
  if (session !== undefined && !isSessionOf(uia, session, deps)) throw challenge(uia, deps);
  if (typeof type !== 'string' || !uia.flows.some((flow) => begins(flow, [...completed, type]))) {
    throw challenge(uia, deps, { auth, completed });
  }
  return { ...auth, type };
}

/** Whether these stages are one of the flows. */
export const isFlow = ({ flows }: Uia, stages: readonly string[]): boolean =>
  flows.some((flow) => flow.length === stages.length && begins(flow, stages));

const begins = (flow: readonly string[], stages: readonly string[]): boolean =>
  stages.every((stage, index) => flow[index] === stage);

/** The session that goes on with a request: its own, if that is ours, else a new one. */
export function sessionOf(uia: Uia, given: unknown, deps: UiaDeps): string {
  const auth = given as JsonValue | undefined;
  const session = isJsonObject(auth) ? auth['session'] : undefined;
  return typeof session === 'string' && isSessionOf(uia, session, deps) ? session : newSession(uia, deps);
}

/**
 * The 401 that lists the flows. It is an error, with an errcode, only after a stage that failed.
 * @param auth what was tried: its session goes on, if it is ours.
 * @param completed the stages that were passed in it.
 */
export function challenge(
  uia: Uia,
  deps: UiaDeps,
  {
    auth,
    failed,
    completed = [],
  }: { readonly auth?: JsonObject; readonly failed?: MatrixError; readonly completed?: readonly string[] } = {},
): MatrixError {
  const extra = {
    flows: uia.flows.map((stages) => ({ stages })),
    params: uia.params ?? {},
    session: sessionOf(uia, auth, deps),
    completed,
  };
  return failed === undefined
    ? new AuthenticationNeeded(extra)
    : new MatrixError(401, failed.errcode, failed.message, extra);
}

function newSession(uia: Uia, { secret, now }: UiaDeps): string {
  return signed(uia, `${now().toString(36)}.${encodeBase64Url(randomBytes(12))}`, secret);
}

/** Whether a session was made for this operation, and not too long ago. */
export function isSessionOf(uia: Uia, session: JsonValue, { secret, now }: UiaDeps): boolean {
  if (typeof session !== 'string') return false;
  const [made = '', random = ''] = session.split('.', 2);
  const expected = Buffer.from(signed(uia, `${made}.${random}`, secret));
  const given = Buffer.from(session);
  if (given.byteLength !== expected.byteLength || !timingSafeEqual(given, expected)) return false;
  return now() - Number.parseInt(made, 36) < SESSION_LIFE_MS;
}

function signed(uia: Uia, body: string, secret: string): string {
  const signature = createHmac('sha256', secret).update(`uia\0${uia.operation}\0${body}`).digest('base64url');
  return `${body}.${signature}`;
}
