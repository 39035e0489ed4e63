import type { Hono } from 'hono';

import { ensureAccount } from '../accounts/appservice-accounts.ts';
import type { AccountsDeps } from '../accounts/ports.ts';
import type { AdministerDeps } from '../appservice/administer.ts';
import type { Appservices } from '../appservice/appservices.ts';
import type { Config, Env } from '../config.ts';
import { hsTokenWrapper } from '../durable/appservices.ts';
import { actingAppservice } from '../durable/acting.ts';
import { askAppservice } from '../durable/appservice/ask-appservice.ts';
import { after } from '../durable/federation.ts';
import type { AskingDeps } from '../appservice/asking/ports.ts';
import { Remembered } from '../appservice/asking/remembered.ts';
import { appserviceClient } from '../durable/appservice/client.ts';
import { objectStubs } from '../durable/objects.ts';
import { isPrivateUrl } from '../federation/private-address.ts';
import { openAppserviceStream } from '../http/client/open-appservice-stream.ts';
import { pingAppservice } from '../http/client/ping-appservice.ts';
import { thirdPartyRoutes, type ThirdPartyDeps } from '../http/client/third-party/router.ts';
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
    urls: { isPrivate: isPrivateUrl, allowPrivateAddresses: config.allowPrivateAddresses },
    queue: appserviceClient(objectStubs(env, config)),
    changed: () => appservices.forget(),
    now: Date.now,
  };
}

/** Meets what asking application services needs. */
export function askingOf(env: Env, appservices: Appservices): AskingDeps {
  return {
    appservices,
    ask: (appservice, request) => askAppservice(env, appservice, request),
    acting: actingAppservice,
    memory: { missing: new Remembered(), protocols: new Remembered(), underWay: new Map() },
    now: Date.now,
    after,
  };
}

/** An application service is told to be there this often. */
const CALLED_EVERY_MS = 1_000;

/** Tells the object of an application service that it has called. */
export function callNotices(env: Env, config: Config): (id: string) => Promise<void> {
  const queue = appserviceClient(objectStubs(env, config));
  const told = new Remembered<true>();
  return async (id) => {
    const now = Date.now();
    if (told.get(id, now) !== undefined) return;
    told.put(id, true, now + CALLED_EVERY_MS);
    await queue.called(id).catch(() => {});
  };
}

/** What application services, and users of what they bridge, ask for. */
export function appserviceRoutes(
  env: Env,
  config: Config,
  parts: Omit<ThirdPartyDeps, 'asking'> & { readonly appservices: Appservices; readonly asking: AskingDeps },
): readonly Hono[] {
  const { requireUser, appservices, asking } = parts;
  const queue = appserviceClient(objectStubs(env, config));
  return [
    thirdPartyRoutes({ requireUser, asking }),
    openAppserviceStream({ appservices, openStream: queue.openStream }),
    pingAppservice({ requireUser, appservices, ask: asking.ask, retry: (id) => queue.retry(id), now: Date.now }),
  ];
}
