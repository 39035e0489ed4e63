import type { UserId } from '../matrix/ids/brands.ts';
import { isSettingKey } from './definitions.ts';
import type { Settings } from './settings.ts';

/**
 * What a chat product has its server set to where a plain Matrix server has it otherwise: Rocket.Chat's own values.
 * Keys that are not settings here are passed over.
 */
const PROFILE: Readonly<Record<string, boolean | number | string>> = {
  'federation.enabled': false,
  'rooms.max_public_members': 100,
  'edu.typing': true,
  'edu.presence': false,
  'edu.receipts': false,
  'rooms.encrypted': false,
  'rooms.non_private': false,
  'users.validate_domain': false,
  'rooms.default_version': '10',
  'media.user_quota_bytes': 0,
  'media.delete_with_event': true,
  'registration.mode': 'closed',
  'retention.default_days': 0,
  'devices.share_names': false,
};

export const workspaceKeys: readonly string[] = Object.keys(PROFILE).filter(isSettingKey);

export interface WorkspaceProfile {
  readonly revision: number;
  /** What is otherwise now. */
  readonly changes: readonly { readonly key: string; readonly from: unknown; readonly to: unknown }[];
  /** Settings that are otherwise, and that the start of the server fixes so. */
  readonly fixed: readonly string[];
}

/** Compares the settings with those of a workspace. @param keep stay as they are. */
export async function offerWorkspaceProfile(
  settings: Pick<Settings, 'describe'>,
  keep: readonly string[],
): Promise<WorkspaceProfile> {
  const described = await settings.describe();
  const others = workspaceKeys
    .filter((key) => !keep.includes(key) && described.settings[key]?.value !== PROFILE[key])
    .map((key) => ({ key, from: described.settings[key]?.value, to: PROFILE[key] }));
  const isFixed = ({ key }: { readonly key: string }) => described.settings[key]?.fixed === true;
  return {
    revision: described.revision,
    changes: others.filter((change) => !isFixed(change)),
    fixed: others.filter(isFixed).map(({ key }) => key),
  };
}

/**
 * Makes the changes that were offered, all or none, where nobody has changed a setting since. Throws as
 * {@link Settings.change}. @param dryRun only says whether it would.
 */
export async function applyWorkspaceProfile(
  settings: Pick<Settings, 'change'>,
  by: UserId,
  { revision, changes }: WorkspaceProfile,
  dryRun: boolean,
): Promise<readonly string[]> {
  const values = Object.fromEntries(changes.map(({ key, to }) => [key, to]));
  return (await settings.change({ by, settings: values, ifRevision: revision, dryRun })).changed;
}
