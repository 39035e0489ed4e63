import { createOpenIdTokens } from '../accounts/openid-tokens.ts';
import type { OAuthDeps } from '../accounts/oauth/ports.ts';
import type { AccountsDeps, PasswordTries } from '../accounts/ports.ts';
import { createSessionTokens } from '../accounts/session-tokens.ts';
import type { SharedSecretDeps } from '../accounts/shared-secret.ts';
import type { Appservices } from '../appservice/appservices.ts';
import type { Config, Env } from '../config.ts';
import type { ShardClient } from '../durable/user/client.ts';
import { RateLimiter } from '../matrix/rate-limiter.ts';
import type { Settings } from '../settings/settings.ts';
import { accountRepository } from '../storage/d1/account-repository.ts';
import { grantRepository } from '../storage/d1/grant-repository.ts';
import { nonceRepository } from '../storage/d1/nonce-repository.ts';
import { oauthClientRepository } from '../storage/d1/oauth-client-repository.ts';
import { passedStages } from '../storage/d1/passed-stages.ts';
import { tokenHash } from '../user/devices/sessions.ts';

type Shards = (shard: string) => ShardClient;

/** Meets the ports of `src/accounts`. */
export function accountsOf(
  env: Env,
  config: Config,
  {
    shards,
    settings,
    appservices,
  }: { readonly shards: Shards; readonly settings: Settings; readonly appservices: Appservices },
): AccountsDeps {
  const accounts = accountRepository(env.DB, config.accountsPerShard);
  return {
    serverName: config.serverName,
    accounts,
    tokens: accounts,
    passedStages: passedStages(env.DB),
    sessions: {
      open: (shard, login) => shards(shard).openSession(login),
      of: (shard, token) => shards(shard).session({ hash: tokenHash(token) }),
      close: ({ userId, shard }, deviceId) => shards(shard).removeDevices({ userId, deviceIds: [deviceId] }),
      closeAllBut: ({ userId, shard }, deviceId) =>
        shards(shard).removeDevices({
          userId,
          deviceIds: undefined,
          ...(deviceId === undefined ? {} : { except: deviceId }),
        }),
      refresh: (shard, { token, ...call }) => shards(shard).refresh({ hash: tokenHash(token), ...call }),
      end: (shard, token) => shards(shard).endSession({ hash: tokenHash(token) }),
      setStanding: ({ userId, shard }, standing) => shards(shard).setStanding({ userId, ...standing }),
      deactivate: async ({ userId, shard }, erase) => {
        await shards(shard).deactivate({ userId, erase });
        // The shard does later what is not done now.
        await shards(shard)
          .runRoomJobs({ userId })
          .catch(() => {});
      },
    },
    sessionTokens: createSessionTokens(config.secret),
    openIdTokens: createOpenIdTokens(config.secret),
    tries: config.rateLimits ? passwordTries(shards) : { take: async () => 0, clear: async () => {} },
    grants: grantRepository(env.DB),
    passwordCost: config.passwordCost,
    registration: async () => (await settings.snapshot()).values['registration.mode'],
    policies: async () => (await settings.snapshot()).values['registration.policies'],
    admitsGuests: async () => (await settings.snapshot()).values['registration.guests'],
    isReserved: async (userId) => (await appservices.exclusiveOwner(userId)) !== undefined,
    isOwned: async (userId) => (await appservices.all()).some((appservice) => appservice.ownsUser(userId)),
    bootstrapToken: config.bootstrapToken,
    secret: config.secret,
    now: Date.now,
  };
}

/** As for users who are there, so that the limit does not tell who is. */
const UNKNOWN_USER = { burst: 10, intervalMs: 10_000 };

function passwordTries(shards: Shards): PasswordTries {
  const ofUnknown = new RateLimiter(UNKNOWN_USER);
  return {
    take: async (userId, shard) =>
      shard === undefined ? ofUnknown.take(userId, Date.now()) : shards(shard).takePasswordTry({ userId }),
    clear: (userId, shard) => shards(shard).clearPasswordTries({ userId }),
  };
}

/** Meets the ports of registration with a shared secret. */
export function sharedSecretOf(env: Env, config: Config, accounts: AccountsDeps): SharedSecretDeps {
  return {
    accounts,
    nonces: nonceRepository(env.DB),
    sharedSecret: config.registrationSharedSecret,
    secret: config.secret,
  };
}

/** Meets the ports of the OAuth 2.0 API. */
export function oauthOf(env: Env, accounts: AccountsDeps, settings: Settings): OAuthDeps {
  return {
    ...accounts,
    clients: oauthClientRepository(env.DB),
    isOAuthOn: async () => (await settings.snapshot()).values['accounts.oauth'],
  };
}
