import type { Appservices } from '../../appservice/appservices.ts';
import { forbidden, invalidParam, unknownDevice } from '../../matrix/error.ts';
import { parseUserId } from '../../matrix/ids/user-id.ts';
import type { UserId } from '../../matrix/ids/brands.ts';
import type { AssertingAppservice } from '../client/from-user.ts';
import type { SessionStanding } from './check-standing.ts';

export interface Assertion {
  readonly userId: UserId;
  readonly shard: string;
  /** Empty where none is named. */
  readonly deviceId: string;
  readonly appservice: AssertingAppservice;
  readonly standing: SessionStanding;
}

export type UserStanding = SessionStanding & { readonly hasDevice: boolean; readonly isDeactivated?: boolean };

type Query = (name: string) => string | undefined;

/** @returns who is acted as; `undefined` for a token that is no application service's. */
export type AssertedIdentity = (token: string, query: Query) => Promise<Assertion | undefined>;

/**
 * Whom an application service acts as. Throws `M_FORBIDDEN` for a user who is not in its namespace or not registered,
 * `M_UNKNOWN_DEVICE`. Source: Application Service API, "Identity assertion".
 */
export function assertedIdentity(deps: {
  readonly appservices: Pick<Appservices, 'byToken'>;
  readonly shardOf: (userId: UserId) => Promise<string | undefined>;
  readonly standing: (shard: string, userId: UserId, deviceId: string) => Promise<UserStanding>;
}): AssertedIdentity {
  return async (token, query) => {
    const appservice = await deps.appservices.byToken(token);
    if (appservice === undefined) return undefined;
    const userId = userOf(query('user_id')) ?? appservice.sender;
    if (!appservice.ownsUser(userId)) throw forbidden(`${userId} is not in the namespace of this application service`);
    const shard = await deps.shardOf(userId);
    if (shard === undefined) throw forbidden(`${userId} is not registered`);
    const deviceId = query('device_id') ?? query('org.matrix.msc3202.device_id') ?? '';
    const standing = await deps.standing(shard, userId, deviceId);
    // The shard knows it at once, whatever is believed of the account here.
    if (standing.isDeactivated === true) throw forbidden(`${userId} is not registered`);
    if (deviceId !== '' && !standing.hasDevice) throw unknownDevice('The user has no such device');
    const { id, registration, sender } = appservice;
    const isRateLimited = registration.rateLimited && userId !== sender;
    return { userId, shard, deviceId, standing, appservice: { id, isRateLimited, ts: query('ts') } };
  };
}

function userOf(text: string | undefined): UserId | undefined {
  if (text === undefined || text === '') return undefined;
  const parsed = parseUserId(text);
  if (!parsed.ok) throw invalidParam('user_id is not a user ID');
  return parsed.value;
}
