import { badJson } from '../../matrix/error.ts';
import { isJsonObject, type JsonValue } from '../../matrix/json/json-value.ts';
import type { EventDraft } from './build-event.ts';

const levels = ['ban', 'events_default', 'invite', 'kick', 'redact', 'state_default', 'users_default'] as const;
const maps = ['events', 'notifications', 'users'] as const;

/**
 * Before room version 10 (and 6) servers read strings and fractions as levels, so that old rooms go on; our users set
 * integers in every version. Throws `M_BAD_JSON`.
 * Source: Server-Server API, "Definitions" ("should take reasonable precautions").
 */
export function checkOwnPowerLevels({ type, stateKey, content }: EventDraft): void {
  if (type !== 'm.room.power_levels' || stateKey !== '') return;
  const values = [
    ...levels.map((key) => content[key]),
    ...maps.flatMap((key) => (isJsonObject(content[key]) ? Object.values(content[key]) : [content[key]])),
  ];
  if (!values.every(isLevel)) throw badJson('Power levels have to be integers');
}

/** Or absent. */
const isLevel = (value: JsonValue | undefined): boolean => value === undefined || Number.isSafeInteger(value);
