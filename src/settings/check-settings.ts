import * as v from 'valibot';

import { allow, deny, type Result } from '../matrix/result.ts';
import { definitions, isSettingKey, type SettingsValues } from './definitions.ts';

/** Why a setting is refused. */
export interface SettingFault {
  readonly key: string;
  readonly code: string;
  /** A sentence for people. */
  readonly message: string;
  /** Of a list: which entry. */
  readonly index?: number;
}

/** Checks settings before they are saved: all of them, and all faults are told. */
export function checkSettings(
  given: Readonly<Record<string, unknown>>,
): Result<Partial<SettingsValues>, readonly SettingFault[]> {
  const values: Record<string, unknown> = {};
  const faults: SettingFault[] = [];
  for (const [key, value] of Object.entries(given)) {
    const checked = checkSetting(key, value);
    if (checked.ok) values[key] = checked.value;
    else faults.push(checked.reason);
  }
  return faults.length === 0 ? allow(values as Partial<SettingsValues>) : deny(faults);
}

export function checkSetting(key: string, value: unknown): Result<unknown, SettingFault> {
  if (!isSettingKey(key)) return deny({ key, code: 'unknown-key', message: `There is no setting ${key}.` });
  const { schema, code } = definitions[key];
  const checked = v.safeParse(schema, value);
  if (checked.success) return allow(checked.output);
  const [issue] = checked.issues;
  const index = issue.path?.[0]?.key ?? innerIndex(issue);
  return deny({ key, code, message: issue.message, ...(typeof index === 'number' ? { index } : {}) });
}

/** A union hides the path of its branches' issues. */
function innerIndex(issue: v.BaseIssue<unknown>): unknown {
  return issue.issues?.[0]?.path?.[0]?.key;
}

export interface SettingWarning {
  readonly key: string;
  readonly code: string;
  /** A sentence for people. */
  readonly message: string;
}

/** What an administrator should know of values that are allowed. Every version that is known here is stable. */
export function settingWarnings(values: Partial<SettingsValues>): readonly SettingWarning[] {
  const version = values['rooms.default_version'];
  if (version !== '1' && version !== '2') return [];
  const message = `Room version ${version} has known weaknesses, and some servers cannot join rooms of it.`;
  return [{ key: 'rooms.default_version', code: 'old-version', message }];
}
