import { eyrieConflict, eyrieInvalidSetting } from '../matrix/error.ts';
import type { UserId } from '../matrix/ids/brands.ts';
import { settingDamaged, settingsChanged } from '../observability/events.ts';
import { checkSetting, checkSettings, settingWarnings } from './check-settings.ts';
import {
  defaultValues,
  definitions,
  isSettingKey,
  settingKeys,
  type SettingKey,
  type SettingsValues,
} from './definitions.ts';

/** The settings at one moment. Plain data. */
export interface SettingsSnapshot {
  /** Counts the changes; an object refuses to act on a lower one than it has seen. */
  readonly revision: number;
  readonly values: SettingsValues;
  /** Of sync tokens (contracts, section 8, "Restore"). */
  readonly epoch: string;
}

export interface StoredSettings {
  readonly revision: number;
  readonly rows: readonly { readonly key: string; readonly json: string; readonly updatedTs: number }[];
}

/** Where the settings are. */
export interface SettingsStore {
  read(): Promise<StoredSettings>;
  /**
   * Saves values, the next revision and an entry of the audit log, all or nothing.
   * @returns false if the revision was no longer `revision`: nothing was saved.
   */
  write(change: {
    readonly revision: number;
    readonly rows: readonly { readonly key: string; readonly json: string }[];
    readonly by: UserId;
    readonly detail: string;
    readonly now: number;
  }): Promise<boolean>;
}

interface SettingDescription {
  readonly value: unknown;
  readonly default: unknown;
  readonly type: string;
  /** The start of the server gave it; it cannot be changed here. */
  readonly fixed: boolean;
  /** Milliseconds; 0: never changed. */
  readonly updated_ts: number;
}

interface SettingsChange {
  readonly by: UserId;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly ifRevision: number | undefined;
  /** Checks only. */
  readonly dryRun: boolean;
}

interface SettingsChanged {
  readonly revision: number;
  readonly changed: readonly string[];
  readonly warnings: readonly { readonly key: string; readonly message: string }[];
}

export interface Settings {
  /**
   * At most 5 s old, and never older than what {@link Settings.hear} has told; older only while the store does not
   * answer, when nobody can change a setting either.
   */
  snapshot(): Promise<SettingsSnapshot>;
  /** The highest revision that is known here; goes along with every call that another part acts upon by the settings. */
  revision(): number | undefined;
  /**
   * Somebody acts by this revision: the next snapshot is no older.
   * @returns false for one that is older than what is known here: who acts by it is behind.
   */
  hear(revision: number | undefined): boolean;
  describe(): Promise<{ revision: number; settings: Readonly<Record<string, SettingDescription>> }>;
  /** Throws `EYRIE_INVALID_SETTING` with every fault, `EYRIE_CONFLICT` for a fixed setting or another revision. */
  change(change: SettingsChange): Promise<SettingsChanged>;
  /**
   * After a restore: what was told by positions of before means nothing any more. @returns the new epoch. Throws
   * `EYRIE_CONFLICT` where the settings are changed at the same time.
   */
  raiseEpoch(by: UserId): Promise<string>;
}

/** The row of the epoch, beside those of settings; and the epoch of a server that was never restored. */
const EPOCH = 'epoch';
const FIRST_EPOCH = '1';

/** In force everywhere within 10 s: an isolate keeps a snapshot this long. */
const KEEP_MS = 5_000;

/** @param fixed what the start of the server gave: it wins over what is stored. */
export function createSettings(store: SettingsStore, fixed: Partial<SettingsValues>, now: () => number): Settings {
  // The value is kept, never the promise: a promise of one request may not be awaited by another.
  let held: { readonly snapshot: SettingsSnapshot; readonly until: number } | undefined;
  /** Heard of, and not read yet. */
  let heard = 0;

  const load = async (): Promise<SettingsSnapshot> => {
    const stored = await store.read();
    return { revision: stored.revision, values: { ...readValues(stored), ...fixed }, epoch: epochOf(stored) };
  };

  return {
    async snapshot() {
      if (held !== undefined && now() < held.until && held.snapshot.revision >= heard) return held.snapshot;
      const before = held;
      const heardBefore = heard;
      try {
        const snapshot = await load();
        // A change that was made meanwhile is newer than what was read.
        if (held === undefined || held === before || snapshot.revision >= held.snapshot.revision) {
          held = { snapshot, until: now() + KEEP_MS };
          if (heard === heardBefore) heard = 0;
        }
      } catch (error) {
        if (held === undefined || held.snapshot.revision < heard) throw error;
      }
      return held.snapshot;
    },

    revision: () => (held === undefined && heard === 0 ? undefined : Math.max(held?.snapshot.revision ?? 0, heard)),

    hear(revision) {
      if (revision === undefined) return true;
      const known = Math.max(held?.snapshot.revision ?? 0, heard);
      if (revision > known) heard = revision;
      return revision >= known;
    },

    async describe() {
      const stored = await store.read();
      const values = { ...readValues(stored), ...fixed };
      const updated = new Map(stored.rows.map(({ key, updatedTs }) => [key, updatedTs]));
      const describeOne = (key: SettingKey): SettingDescription => ({
        value: values[key],
        default: definitions[key].default,
        type: definitions[key].type,
        fixed: fixed[key] !== undefined,
        updated_ts: updated.get(key) ?? 0,
      });
      const settings = Object.fromEntries(settingKeys.map((key) => [key, describeOne(key)]));
      return { revision: stored.revision, settings };
    },

    async change({ by, settings, ifRevision, dryRun }) {
      const checked = checkSettings(settings);
      if (!checked.ok) throw eyrieInvalidSetting('A setting is not valid', { errors: checked.reason });
      const stored = await store.read();
      if (ifRevision !== undefined && ifRevision !== stored.revision) throw revisionConflict(stored.revision);
      const before = { ...readValues(stored), ...fixed };
      const changed = changedKeys(before, checked.value);
      refuseFixed(changed, fixed);
      const warnings = settingWarnings(checked.value);
      if (dryRun || changed.length === 0) return { revision: stored.revision, changed, warnings };
      const rows = changed.map((key) => ({ key, json: JSON.stringify(checked.value[key]) }));
      const detail = JSON.stringify(
        Object.fromEntries(changed.map((key) => [key, { from: before[key], to: checked.value[key] }])),
      );
      const isSaved = await store.write({ revision: stored.revision, rows, by, detail, now: now() });
      if (!isSaved) throw revisionConflict(undefined);
      const revision = stored.revision + 1;
      const values = { ...before, ...checked.value };
      held = { snapshot: { revision, values, epoch: epochOf(stored) }, until: now() + KEEP_MS };
      settingsChanged({ by, keys: changed.join(' '), revision });
      return { revision, changed, warnings };
    },

    async raiseEpoch(by) {
      const stored = await store.read();
      const { epoch, ...raised } = raisedEpoch(stored, now());
      const isSaved = await store.write({ revision: stored.revision, ...raised, by, now: now() });
      if (!isSaved) throw revisionConflict(undefined);
      const revision = stored.revision + 1;
      held = { snapshot: { revision, values: { ...readValues(stored), ...fixed }, epoch }, until: now() + KEEP_MS };
      settingsChanged({ by, keys: EPOCH, revision });
      return epoch;
    },
  };
}

/** By the clock and not by counting alone: what was restored may be the database that counts. */
function raisedEpoch(stored: StoredSettings, now: number) {
  const from = epochOf(stored);
  const epoch = Math.max(now, Number.parseInt(from, 36) + 1).toString(36);
  const detail = JSON.stringify({ [EPOCH]: { from, to: epoch } });
  return { epoch, rows: [{ key: EPOCH, json: JSON.stringify(epoch) }], detail };
}

function epochOf({ rows }: StoredSettings): string {
  const kept = rows.find(({ key }) => key === EPOCH)?.json;
  return kept === undefined ? FIRST_EPOCH : (/^"([0-9a-z]{1,16})"$/.exec(kept)?.[1] ?? FIRST_EPOCH);
}

function changedKeys(before: SettingsValues, given: Partial<SettingsValues>): readonly SettingKey[] {
  return settingKeys.filter(
    (key) => given[key] !== undefined && JSON.stringify(given[key]) !== JSON.stringify(before[key]),
  );
}

function refuseFixed(keys: readonly SettingKey[], fixed: Partial<SettingsValues>): void {
  const key = keys.find((changed) => fixed[changed] !== undefined);
  if (key !== undefined) throw eyrieConflict(`The start of the server fixes ${key}`, { reason: 'fixed', key });
}

function revisionConflict(revision: number | undefined) {
  const extra = { reason: 'revision', ...(revision === undefined ? {} : { revision }) };
  return eyrieConflict('Somebody else has changed the settings', extra);
}

/** A stored value that cannot be read is the default, except that a damaged federation setting turns federation off. */
function readValues({ rows }: StoredSettings): SettingsValues {
  const values: Record<string, unknown> = { ...defaultValues };
  let isMisconfigured = false;
  for (const { key, json } of rows) {
    // Of another version of this software.
    if (!isSettingKey(key) && !key.startsWith('federation.')) continue;
    const value = readStored(key, json);
    if (value !== undefined) values[key] = value;
    else if (key.startsWith('federation.')) isMisconfigured = true;
  }
  if (isMisconfigured) values['federation.enabled'] = false;
  return values as unknown as SettingsValues;
}

function readStored(key: string, json: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    settingDamaged({ key });
    return undefined;
  }
  const checked = checkSetting(key, value);
  if (checked.ok) return checked.value;
  settingDamaged({ key });
  return undefined;
}
