import { settingDamaged } from '../observability/events.ts';
import { checkSetting } from './check-settings.ts';
import { defaultValues, isSettingKey, type SettingsValues } from './definitions.ts';

export interface StoredSettings {
  readonly revision: number;
  readonly rows: readonly { readonly key: string; readonly json: string; readonly updatedTs: number }[];
}

/** The row of the epoch, beside those of settings; and the epoch of a server that was never restored. */
export const EPOCH = 'epoch';
const FIRST_EPOCH = '1';

export function epochOf({ rows }: StoredSettings): string {
  const kept = rows.find(({ key }) => key === EPOCH)?.json;
  return kept === undefined ? FIRST_EPOCH : (/^"([0-9a-z]{1,16})"$/.exec(kept)?.[1] ?? FIRST_EPOCH);
}

const isOfFederation = (key: string) => key.startsWith('federation.');

/** A stored value that cannot be read is the default, except that a damaged federation setting turns federation off. */
export function readValues({ rows }: StoredSettings): {
  readonly values: SettingsValues;
  readonly misconfigured: readonly string[];
  /** An administrator switched federation off. */
  readonly isSwitchedOff: boolean;
} {
  const values: Record<string, unknown> = { ...defaultValues };
  const misconfigured: string[] = [];
  for (const { key, json } of rows) {
    // Of another version of this software.
    if (!isSettingKey(key) && !isOfFederation(key)) continue;
    const value = readStored(key, json);
    if (value === undefined) misconfigured.push(key);
    else values[key] = value;
  }
  const isSwitchedOff = values['federation.enabled'] === false;
  if (misconfigured.some(isOfFederation)) values['federation.enabled'] = false;
  return { values: values as unknown as SettingsValues, misconfigured, isSwitchedOff };
}

function readStored(key: string, json: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  const checked = checkSetting(key, value);
  return checked.ok ? checked.value : undefined;
}

/** One line for each setting that cannot be read, however often it is read; none of federation while that is off. */
export function damageLog(): (keys: readonly string[], isSwitchedOff: boolean) => void {
  let told: readonly string[] = [];
  return (keys, isSwitchedOff) => {
    const worthy = keys.filter((key) => !isSwitchedOff || !/^(federation|edu)\./.test(key));
    for (const key of worthy) if (!told.includes(key)) settingDamaged({ key });
    told = worthy;
  };
}
