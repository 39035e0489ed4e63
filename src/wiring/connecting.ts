import type { AdministerDeps } from '../appservice/administer.ts';
import type { Appservices } from '../appservice/appservices.ts';
import type { AskingDeps } from '../appservice/asking/ports.ts';
import type { Config } from '../config.ts';
import type { ConnectAppserviceDeps } from '../http/admin/appservices/connect-appservice.ts';
import type { Settings } from '../settings/settings.ts';
import {
  applyWorkspaceProfile,
  offerWorkspaceProfile,
  workspaceKeys,
  type WorkspaceProfile,
} from '../settings/workspace-profile.ts';

export interface ConnectingParts {
  readonly administer: AdministerDeps;
  readonly appservices: Appservices;
  readonly asking: AskingDeps;
  readonly settings: Settings;
  /** After a change of these settings. */
  readonly settingsChanged: (keys: readonly string[]) => Promise<void>;
}

/** Meets what connecting a workspace needs. */
export function connectingOf(
  { frontSecret }: Pick<Config, 'frontSecret'>,
  { administer, appservices, asking, settings, settingsChanged }: ConnectingParts,
): Omit<ConnectAppserviceDeps<WorkspaceProfile>, 'requireAdmin'> {
  return {
    connect: {
      administer,
      appservices,
      ask: asking.ask,
      profile: {
        offer: (keep) => offerWorkspaceProfile(settings, keep),
        apply: async (by, offered, dryRun) => {
          const changed = await applyWorkspaceProfile(settings, by, offered, dryRun);
          if (!dryRun) await settingsChanged(changed);
        },
      },
    },
    profileKeys: workspaceKeys,
    isDeployment: frontSecret === undefined,
  };
}
