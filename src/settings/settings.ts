import type { ServerName, UserId } from '../matrix/ids/brands.ts';
import { settingsChanged } from '../observability/events.ts';
import { changeSettings, revisionConflict, type SettingsChange, type SettingsChanged } from './change-settings.ts';
import type { SettingsValues } from './definitions.ts';
import { describeSettings, type SettingsDescribed } from './describe-settings.ts';
import { damageLog, EPOCH, epochOf, readValues, type StoredSettings } from './read-stored.ts';
import { listOldKey, OLD_KEYS } from './old-key.ts';
import type { KeyRotation } from './rotate-key.ts';
import type { OldVerifyKey, StoredSigningKey } from './signing-key.ts';

/** The settings at one moment. Plain data. */
export interface SettingsSnapshot {
  /** Counts the changes; an object refuses to act on a lower one than it has seen. */
  readonly revision: number;
  readonly values: SettingsValues;
  /** Of sync tokens (contracts, section 8, "Restore"). */
  readonly epoch: string;
}

/** Where the settings are. */
export interface SettingsStore {
  read(): Promise<StoredSettings>;
  /**
   * Saves values, the next revision, an entry of the audit log, and a rotation of the key or an old one, all or nothing.
   * @returns false if the revision was no longer `revision`: nothing was saved.
   */
  write(change: {
    readonly revision: number;
    readonly rows: readonly { readonly key: string; readonly json: string }[];
    readonly by: UserId;
    readonly detail: string;
    readonly now: number;
    readonly rotation?: KeyRotation;
    readonly oldKey?: OldVerifyKey;
  }): Promise<boolean>;
  /** The first server name that was ever said is kept. @returns it. */
  claimName(name: ServerName): Promise<string>;
}

/** Who this server is: settings that are kept elsewhere. */
export interface ServerIdentity {
  readonly serverName: ServerName;
  /** Every key that we ever had; there is one. */
  keys(): Promise<readonly StoredSigningKey[]>;
  /** Wraps keys at rest. */
  readonly secret: string;
}

export interface Settings {
  /**
   * At most 5 s old, and never older than what {@link Settings.hear} has told; older only while the store does not
   * answer, when nobody can change a setting either.
   */
  snapshot(): Promise<SettingsSnapshot>;
  /** The same without a wait; `undefined` where the store has to be asked. */
  atHand(): SettingsSnapshot | undefined;
  /** What was read last, however old it is; `undefined`: nothing yet. */
  latest(): SettingsSnapshot | undefined;
  /** The highest revision that is known here; goes along with every call that another part acts upon by the settings. */
  revision(): number | undefined;
  /**
   * Somebody acts by this revision: the next snapshot is no older.
   * @returns false for one that is older than what is known here: who acts by it is behind.
   */
  hear(revision: number | undefined): boolean;
  describe(): Promise<SettingsDescribed>;
  /**
   * Throws `EYRIE_INVALID_SETTING` with every fault, `EYRIE_CONFLICT` for a fixed setting, another revision, or another
   * key while a rotation is under way.
   */
  change(change: SettingsChange): Promise<SettingsChanged>;
  /**
   * Lists a key of which we have only the public part as old. Throws `EYRIE_INVALID_SETTING` with every fault,
   * `EYRIE_CONFLICT` where the settings are changed at the same time.
   */
  listOldKey(by: UserId, key: OldVerifyKey): Promise<{ readonly revision: number; readonly changed: boolean }>;
  /**
   * After a restore: what was told by positions of before means nothing any more. @returns the new epoch. Throws
   * `EYRIE_CONFLICT` where the settings are changed at the same time.
   */
  raiseEpoch(by: UserId): Promise<string>;
}

/** In force everywhere within 10 s: an isolate keeps a snapshot this long. */
const KEEP_MS = 5_000;

/** @param fixed what the start of the server gave: it wins over what is stored. */
export function createSettings(
  store: SettingsStore,
  fixed: Partial<SettingsValues>,
  identity: ServerIdentity,
  now: () => number,
): Settings {
  // The value is kept, never the promise: a promise of one request may not be awaited by another.
  let held: { readonly snapshot: SettingsSnapshot; readonly until: number } | undefined;
  /** Heard of, and not read yet. */
  let heard = 0;
  const note = damageLog();

  const valuesOf = (stored: StoredSettings): SettingsValues => {
    const { values, misconfigured, isSwitchedOff } = readValues(stored);
    note(misconfigured, isSwitchedOff);
    // Nobody has accepted documents that nobody knows.
    const isShut = misconfigured.includes('registration.policies');
    return { ...values, ...fixed, ...(isShut ? { 'registration.mode': 'closed' } : {}) };
  };

  /** After a change that left the values as they are. */
  const hold = (stored: StoredSettings, { revision, epoch }: Pick<SettingsSnapshot, 'revision' | 'epoch'>) => {
    held = { snapshot: { revision, values: valuesOf(stored), epoch }, until: now() + KEEP_MS };
  };

  const atHand = () =>
    held !== undefined && now() < held.until && held.snapshot.revision >= heard ? held.snapshot : undefined;

  return {
    atHand,
    latest: () => held?.snapshot,

    async snapshot() {
      const fresh = atHand();
      if (fresh !== undefined) return fresh;
      const before = held;
      const heardBefore = heard;
      try {
        const stored = await store.read();
        const snapshot = { revision: stored.revision, values: valuesOf(stored), epoch: epochOf(stored) };
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
      const [stored, keys] = await Promise.all([store.read(), identity.keys()]);
      return describeSettings({ stored, keys, values: valuesOf(stored), fixed, identity, now: now() });
    },

    async change(change) {
      const { answer, values, epoch } = await changeSettings({ store, fixed, identity, valuesOf, now }, change);
      if (values !== undefined) {
        held = { snapshot: { revision: answer.revision, values, epoch }, until: now() + KEEP_MS };
        settingsChanged({ by: change.by, keys: answer.changed.join(' '), revision: answer.revision });
      }
      return answer;
    },

    async listOldKey(by, given) {
      const { stored, ...listed } = await listOldKey({ store, identity, now }, by, given);
      if (listed.changed) {
        hold(stored, { revision: listed.revision, epoch: epochOf(stored) });
        settingsChanged({ by, keys: OLD_KEYS, revision: listed.revision });
      }
      return listed;
    },

    async raiseEpoch(by) {
      const stored = await store.read();
      const { epoch, ...raised } = raisedEpoch(stored, now());
      const isSaved = await store.write({ revision: stored.revision, ...raised, by, now: now() });
      if (!isSaved) throw revisionConflict(undefined);
      const revision = stored.revision + 1;
      hold(stored, { revision, epoch });
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
