import { eyrieConflict, eyrieInvalidSetting } from '../matrix/error.ts';
import type { UserId } from '../matrix/ids/brands.ts';
import type { Result } from '../matrix/result.ts';
import { checkSettings, settingWarnings, type SettingFault, type SettingWarning } from './check-settings.ts';
import { settingKeys, type SettingKey, type SettingsValues } from './definitions.ts';
import { checkDomain, DOMAIN, domainWarnings } from './domain.ts';
import { federationFaults } from './may-federate.ts';
import { epochOf, readValues, type StoredSettings } from './read-stored.ts';
import {
  keysAfter,
  planRotation,
  SIGNING_KEYS,
  signingState,
  type KeyRotation,
  type SigningState,
} from './rotate-key.ts';
import type { ServerIdentity, SettingsStore } from './settings.ts';
import type { StoredSigningKey } from './signing-key.ts';

export interface SettingsChange {
  readonly by: UserId;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly ifRevision: number | undefined;
  /** Checks only. */
  readonly dryRun: boolean;
}

export interface SettingsChanged {
  readonly revision: number;
  readonly changed: readonly string[];
  readonly warnings: readonly SettingWarning[];
  /** Where a setting of the signing key was given: the newest key, and how far its rotation is. */
  readonly signing?: SigningState;
}

interface ChangeDeps {
  readonly store: SettingsStore;
  readonly fixed: Partial<SettingsValues>;
  readonly identity: ServerIdentity;
  readonly valuesOf: (stored: StoredSettings) => SettingsValues;
  readonly now: () => number;
}

interface ChangeMade {
  readonly answer: SettingsChanged;
  /** All values from now on; `undefined`: nothing was saved. */
  readonly values: SettingsValues | undefined;
  readonly epoch: string;
}

/** Checks, and saves what is another value than before: all or nothing. */
export async function changeSettings(deps: ChangeDeps, change: SettingsChange): Promise<ChangeMade> {
  const { store, now } = deps;
  const { by, settings, ifRevision, dryRun } = change;
  // Before the keys: whoever plans by keys that another one rotates meanwhile writes to a revision that is no more.
  const stored = await store.read();
  const { given, rotation, keys } = await checkAll(deps, settings);
  if (ifRevision !== undefined && ifRevision !== stored.revision) throw revisionConflict(stored.revision);
  const before = deps.valuesOf(stored);
  if (given['federation.enabled'] === true && !before['federation.enabled']) {
    refuseFaults(await federationFaults(store, deps.identity, rotation !== undefined));
  }
  const changed = changedKeys(before, given, readValues(stored).misconfigured);
  refuseFixed(changed, deps.fixed);
  const tell = (revision: number, keysNow: typeof keys): SettingsChanged => ({
    revision,
    changed: [...changed, ...(rotation === undefined ? [] : SIGNING_KEYS.slice(1))],
    warnings: [...settingWarnings(given), ...domainWarnings(settings[DOMAIN])],
    ...(keysNow === undefined ? {} : { signing: signingState(keysNow, now()) }),
  });
  const epoch = epochOf(stored);
  if (dryRun || (changed.length === 0 && rotation === undefined)) {
    return { answer: tell(stored.revision, keys), values: undefined, epoch };
  }
  const isSaved = await store.write({
    revision: stored.revision,
    rows: changed.map((key) => ({ key, json: JSON.stringify(given[key]) })),
    by,
    detail: auditDetail(before, given, changed, rotation),
    now: now(),
    ...(rotation === undefined ? {} : { rotation }),
  });
  if (!isSaved) throw revisionConflict(undefined);
  // Not read anew: what was saved is answered, whether or not the database still does.
  const keysNow = keys === undefined || rotation === undefined ? keys : keysAfter(keys, rotation);
  return { answer: tell(stored.revision + 1, keysNow), values: { ...before, ...given }, epoch };
}

/** Throws with all faults at once. */
async function checkAll(
  { identity, now }: ChangeDeps,
  settings: SettingsChange['settings'],
): Promise<{
  readonly given: Partial<SettingsValues>;
  readonly rotation: KeyRotation | undefined;
  /** All, where something was said of the signing key. */
  readonly keys: readonly StoredSigningKey[] | undefined;
}> {
  const keys = SIGNING_KEYS.some((key) => settings[key] !== undefined) ? await identity.keys() : undefined;
  const planned = keys === undefined ? undefined : await planRotation(settings, keys, { ...identity, now: now() });
  const checked = checkSettings(ordinary(settings));
  const faults = [
    checked,
    checkDomain(settings[DOMAIN], identity.serverName),
    ...(planned === undefined ? [] : [planned]),
  ]
    .map(faultsOf)
    .flat();
  refuseFaults(faults);
  if (!checked.ok) throw new Error('unreachable: its faults are among those');
  const rotation = planned?.ok === true ? planned.value : undefined;
  if (keys !== undefined && rotation !== undefined) refuseSecondRotation(signingState(keys, now()));
  return { given: checked.value, rotation, keys };
}

function refuseFaults(faults: readonly SettingFault[]): void {
  if (faults.length > 0) throw eyrieInvalidSetting('A setting is not valid', { errors: faults });
}

/** Never the key itself. */
function auditDetail(
  before: SettingsValues,
  given: Partial<SettingsValues>,
  changed: readonly SettingKey[],
  rotation: KeyRotation | undefined,
): string {
  return JSON.stringify({
    ...Object.fromEntries(changed.map((key) => [key, { from: before[key], to: given[key] }])),
    ...(rotation === undefined ? {} : { 'signing.key': { from: rotation.retired.keyId, to: rotation.next.keyId } }),
  });
}

const faultsOf = (checked: Result<unknown, readonly SettingFault[]>) => (checked.ok ? [] : checked.reason);

/** The settings that have a row each. */
function ordinary(settings: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const others: readonly string[] = [...SIGNING_KEYS, DOMAIN];
  return Object.fromEntries(Object.entries(settings).filter(([key]) => !others.includes(key)));
}

function refuseSecondRotation(signing: SigningState): void {
  if (signing.step === 'done') return;
  throw eyrieConflict('The signing key is being rotated already', {
    reason: 'rotation-under-way',
    signing: { ...signing },
  });
}

/** @param unreadable are written anew, also with the value that is in force in their place. */
function changedKeys(
  before: SettingsValues,
  given: Partial<SettingsValues>,
  unreadable: readonly string[],
): readonly SettingKey[] {
  const differs = (key: SettingKey) => JSON.stringify(given[key]) !== JSON.stringify(before[key]);
  return settingKeys.filter((key) => given[key] !== undefined && (differs(key) || unreadable.includes(key)));
}

function refuseFixed(keys: readonly SettingKey[], fixed: Partial<SettingsValues>): void {
  const key = keys.find((changed) => fixed[changed] !== undefined);
  if (key !== undefined) throw eyrieConflict(`The start of the server fixes ${key}`, { reason: 'fixed', key });
}

export function revisionConflict(revision: number | undefined) {
  const extra = { reason: 'revision', ...(revision === undefined ? {} : { revision }) };
  return eyrieConflict('Somebody else has changed the settings', extra);
}
