import type { AccountsDeps } from '../accounts/ports.ts';
import type { SharedSecretDeps } from '../accounts/shared-secret.ts';
import type { Config, Env } from '../config.ts';
import type { ShardClient } from '../durable/user/client.ts';
import type { Settings } from '../settings/settings.ts';
import { accountRepository } from '../storage/d1/account-repository.ts';
import { nonceRepository } from '../storage/d1/nonce-repository.ts';
import { registrationTokenRepository } from '../storage/d1/registration-token-repository.ts';

/** Meets the ports of `src/accounts`. */
export function accountsOf(
  env: Env,
  config: Config,
  { shards, settings }: { readonly shards: (shard: string) => ShardClient; readonly settings: Settings },
): AccountsDeps {
  return {
    serverName: config.serverName,
    accounts: accountRepository(env.DB, config.accountsPerShard),
    tokens: registrationTokenRepository(env.DB, config.bootstrapToken),
    sessions: { open: (shard, login) => shards(shard).openSession(login) },
    passwordCost: config.passwordCost,
    registration: async () => (await settings.snapshot()).values['registration.mode'],
    now: Date.now,
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
