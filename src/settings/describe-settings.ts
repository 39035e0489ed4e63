import type { SettingWarning } from './check-settings.ts';
import { settingWarnings } from './check-settings.ts';
import { definitions, settingKeys, type SettingKey, type SettingsValues } from './definitions.ts';
import { DOMAIN, domainWarnings } from './domain.ts';
import { readValues, type StoredSettings } from './read-stored.ts';
import { newestKey, signingState, type SigningState } from './rotate-key.ts';
import type { ServerIdentity } from './settings.ts';
import { hasSeed, type StoredSigningKey } from './signing-key.ts';

interface SettingDescription {
  /** Not of a secret. */
  readonly value?: unknown;
  readonly default?: unknown;
  /** Of a secret: there is one. */
  readonly set?: true;
  readonly public_key?: string;
  readonly type: string;
  /** The start of the server gave it; it cannot be changed here. */
  readonly fixed: boolean;
  /** Milliseconds; 0: never changed. */
  readonly updated_ts: number;
}

export interface SettingsDescribed {
  readonly revision: number;
  readonly settings: Readonly<Record<string, SettingDescription>>;
  readonly signing: SigningState;
  /** Stored settings that cannot be read, in place of which something else is in force. */
  readonly misconfigured: readonly string[];
  readonly warnings: readonly SettingWarning[];
}

export function describeSettings({
  stored,
  keys,
  values,
  fixed,
  identity,
  now,
}: {
  readonly stored: StoredSettings;
  readonly keys: readonly StoredSigningKey[];
  readonly values: SettingsValues;
  readonly fixed: Partial<SettingsValues>;
  readonly identity: Pick<ServerIdentity, 'serverName'>;
  readonly now: number;
}): SettingsDescribed {
  return {
    revision: stored.revision,
    settings: { ...describeOrdinary(stored, values, fixed), ...describeIdentity(identity, keys) },
    signing: signingState(keys, now),
    misconfigured: readValues(stored).misconfigured,
    warnings: [...settingWarnings(values), ...domainWarnings(identity.serverName)],
  };
}

function describeOrdinary(
  stored: StoredSettings,
  values: SettingsValues,
  fixed: Partial<SettingsValues>,
): Readonly<Record<string, SettingDescription>> {
  const updated = new Map(stored.rows.map(({ key, updatedTs }) => [key, updatedTs]));
  const describeOne = (key: SettingKey): SettingDescription => ({
    value: values[key],
    default: definitions[key].default,
    type: definitions[key].type,
    fixed: fixed[key] !== undefined,
    updated_ts: updated.get(key) ?? 0,
  });
  return Object.fromEntries(settingKeys.map((key) => [key, describeOne(key)]));
}

function describeIdentity(
  { serverName }: Pick<ServerIdentity, 'serverName'>,
  keys: readonly StoredSigningKey[],
): Readonly<Record<string, SettingDescription>> {
  const { keyId, publicKey, createdTs } = newestKey(keys);
  const ofKey = { fixed: false, updated_ts: keys.filter(hasSeed).length === 1 ? 0 : createdTs };
  return {
    [DOMAIN]: { value: serverName, type: 'string', fixed: true, updated_ts: 0 },
    'signing.algorithm': { value: 'ed25519', default: 'ed25519', type: 'enum', fixed: false, updated_ts: 0 },
    'signing.version': { value: keyId.slice('ed25519:'.length), type: 'string', ...ofKey },
    'signing.key': { set: true, public_key: publicKey, type: 'secret', ...ofKey },
  };
}
