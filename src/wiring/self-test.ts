import { ping } from '../appservice/asking/ping.ts';
import type { Appservices } from '../appservice/appservices.ts';
import { hasUrl, type AskAppservice } from '../appservice/asking/ports.ts';
import type { Config, Env } from '../config.ts';
import { after, unknownFederation, type Federation } from '../durable/federation.ts';
import type { RoomClient } from '../durable/room/client.ts';
import { deployedLookout, launcherLookout } from '../federation/diagnose/lookouts.ts';
import type { DiagnoseDeps } from '../federation/diagnose/ports.ts';
import { failed, ok, Steps } from '../federation/diagnose/step.ts';
import type { SelfTestDeps } from '../http/admin/self-test.ts';
import { MatrixError } from '../matrix/error.ts';
import type { RoomList } from '../rooms/room-list.ts';
import { lastSentOf } from './last-sent.ts';

/** Meets what the diagnosis of servers needs. */
export function selfTestDeps(
  env: Env,
  config: Config,
  parts: {
    readonly federation: Federation;
    readonly rooms: RoomClient;
    readonly list: RoomList;
    readonly appservices: Appservices;
    readonly ask: AskAppservice;
  },
): Omit<SelfTestDeps, 'requireAdmin'> {
  const { federation, appservices, ask } = parts;
  const { LOOKOUT: lookout } = env;
  return {
    diagnose: (): DiagnoseDeps => ({
      ...unknownFederation(env, config),
      serverName: config.serverName,
      policy: federation.policy,
      ownKeys: federation.ownKeys,
      lookout: lookout === undefined ? deployedLookout : launcherLookout((url, init) => lookout.fetch(url, init)),
      allowPrivateAddresses: config.allowPrivateAddresses,
      standing: async (server) =>
        (await federation.registry.has(server)) ? federation.destinations.standing(server, 0) : undefined,
      lastSent: lastSentOf(parts),
      after,
      now: Date.now,
      randomId: () => crypto.randomUUID(),
    }),
    appservices: async () => {
      const steps = new Steps(Date.now);
      for (const appservice of await appservices.all()) {
        const name = `appservice ${appservice.registration.id}`;
        const expected = 'a ping is answered with 2xx';
        if (!hasUrl(appservice)) steps.skip(name, expected, 'It has no URL.');
        else await steps.take(name, expected, () => pinged(ask, appservice));
      }
      return steps.all;
    },
  };
}

async function pinged(ask: AskAppservice, appservice: Parameters<typeof ping>[1]) {
  try {
    return ok(`answered within ${await ping({ ask, now: Date.now }, appservice, undefined)} ms`);
  } catch (error) {
    if (!(error instanceof MatrixError)) throw error;
    return failed(error.message, 'Nothing that happens reaches it: check its url, and that it accepts the hs_token.');
  }
}
