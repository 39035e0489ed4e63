import { ensureAccount } from '../accounts/appservice-accounts.ts';
import type { AccountsDeps } from '../accounts/ports.ts';
import type { AdministerDeps } from '../appservice/administer.ts';
import type { Appservices } from '../appservice/appservices.ts';
import type { Config, Env } from '../config.ts';
import { hsTokenWrapper } from '../durable/appservices.ts';
import { appserviceClient } from '../durable/appservice/client.ts';
import { objectStubs } from '../durable/objects.ts';
import { isPrivateUrl } from '../federation/private-address.ts';
import { appserviceRepository } from '../storage/d1/appservice-repository.ts';

/** Meets what changing registrations needs. */
export function appserviceAdministration(
  env: Env,
  config: Config,
  { accounts, appservices }: { readonly accounts: AccountsDeps; readonly appservices: Appservices },
): AdministerDeps {
  return {
    serverName: config.serverName,
    store: appserviceRepository(env.DB),
    secrets: hsTokenWrapper(config),
    senders: { ensure: (userId) => ensureAccount(accounts, userId) },
    urls: { isPrivate: isPrivateUrl },
    queue: appserviceClient(objectStubs(env, config)),
    changed: () => appservices.forget(),
    now: Date.now,
  };
}
