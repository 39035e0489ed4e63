import type { UserId } from '../../matrix/ids/brands.ts';
import { isJsonObject, type JsonValue } from '../../matrix/json/json-value.ts';
import { codeHash } from '../code-hash.ts';
import type { AccountsDeps } from '../ports.ts';
import { challenge, isSessionOf, SESSION_LIFE_MS, sessionOf, type Uia } from '../uia.ts';

type Deps = Pick<AccountsDeps, 'grants' | 'secret' | 'now'>;

/** Who wants other cross-signing keys: a session is good for one device. */
interface ResettingDevice {
  readonly userId: UserId;
  readonly deviceId: string;
}

/** The second is the name of before version 1.17, which clients still look for. */
const STAGES = ['m.oauth', 'org.matrix.cross_signing_reset'] as const;

const uiaOf = ({ userId, deviceId }: ResettingDevice): Uia => ({
  operation: `resetCrossSigning ${userId} ${deviceId}`,
  flows: STAGES.map((stage) => [stage]),
});

/**
 * Lets the user of an OAuth 2.0 client confirm on a page that their cross-signing keys are replaced, each time anew. Throws 401
 * with the page until they have. Source: Client-Server API, "OAuth authentication".
 * @param given the request's `auth`, of whatever type.
 * @param pageOf the address of the page, for a session.
 */
export async function confirmReset(
  deps: Deps,
  device: ResettingDevice,
  given: unknown,
  pageOf: (session: string) => string,
): Promise<void> {
  const uia = uiaOf(device);
  const session = sessionOf(uia, given, deps);
  const auth = given as JsonValue | undefined;
  const isKnown = isJsonObject(auth) && auth['session'] === session;
  if (isKnown && (await deps.grants.take('reset', codeHash(session), deps.now())) !== undefined) return;
  const params = Object.fromEntries(STAGES.map((stage) => [stage, { url: pageOf(session) }]));
  throw challenge({ ...uia, params }, deps, { auth: { session } });
}

/** Whether a device of this user asks for it in this session. */
export const isResetAsked = (deps: Deps, device: ResettingDevice, session: string): boolean =>
  isSessionOf(uiaOf(device), session, deps);

/** What the user says on the page. @returns false if there is no such session, or it ran out: nothing is done. */
export async function allowReset(deps: Deps, device: ResettingDevice, session: string): Promise<boolean> {
  if (!isResetAsked(deps, device, session)) return false;
  const now = deps.now();
  await deps.grants.put(codeHash(session), { kind: 'reset', userId: device.userId }, now + SESSION_LIFE_MS, now);
  return true;
}
