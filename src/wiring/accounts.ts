import type { AccountsDeps } from '../accounts/ports.ts';
import type { Config, Env } from '../config.ts';
import type { ShardClient } from '../durable/user/client.ts';
import { accountRepository } from '../storage/d1/account-repository.ts';
import { registrationTokenRepository } from '../storage/d1/registration-token-repository.ts';

/** Meets the ports of `src/accounts`. */
export function accountsOf(env: Env, config: Config, shards: (shard: string) => ShardClient): AccountsDeps {
  return {
    serverName: config.serverName,
    accounts: accountRepository(env.DB, config.accountsPerShard),
    tokens: registrationTokenRepository(env.DB, config.bootstrapToken),
    sessions: { open: (shard, login) => shards(shard).openSession(login) },
    passwordCost: config.passwordCost,
    registration: async () => config.registration ?? 'closed',
    now: Date.now,
  };
}
