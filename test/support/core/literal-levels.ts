import { isJsonObject, SourceNumber, type JsonObject } from '../../../src/matrix/json/json-value.ts';

/** An integer, or infinity for the creators of version 12. */
type Level = bigint | number;

/** What `m.room.power_levels` says, and what holds where it does not say it; see `literal-auth.ts`. */
export interface LiteralLevels {
  /** Content of the event; `undefined` where there is none. */
  readonly content: JsonObject | undefined;
  /** Version 12: the sender of the create event and `additional_creators`. */
  readonly creators: readonly unknown[];
  readonly ofUser: (user: string) => Level;
  readonly toSend: (type: string, isState: boolean) => Level;
  readonly toDo: (action: 'ban' | 'kick' | 'invite' | 'redact') => Level;
}

/** One value, as the pages say: an integer; before version 10 a string of one too, before version 6 a float too. */
export function levelIn(version: number, value: JsonObject[string]): bigint | undefined {
  if (typeof value === 'number') return integerOf(version, value);
  if (typeof value === 'string' && version < 10) return /^\s*[+-]?\d+\s*$/.test(value) ? bigIntOf(value) : undefined;
  if (!(value instanceof SourceNumber) || version >= 6) return undefined;
  return /^-?\d+$/.test(value.source) ? bigIntOf(value.source) : integerOf(version, Number(value.source));
}

function integerOf(version: number, value: number): bigint | undefined {
  if (version >= 6) return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  return Number.isFinite(value) ? BigInt(Math.trunc(value)) : undefined;
}

const bigIntOf = (digits: string) => (Number.isFinite(Number(digits)) ? BigInt(digits.replace('+', '')) : undefined);

/** Client-Server API, `m.room.power_levels`. */
export function literalLevels(version: number, content: JsonObject | undefined, create: JsonObject): LiteralLevels {
  const made = isJsonObject(create['content']) ? create['content'] : {};
  const additional = made['additional_creators'];
  const creators = version < 12 ? [] : [create['sender'], ...(Array.isArray(additional) ? additional : [])];
  const creator = version <= 10 ? made['creator'] : create['sender'];
  const level = (key: string) => levelIn(version, content?.[key]);
  const entry = (key: string, of: string) => {
    const entries = content?.[key];
    return isJsonObject(entries) && Object.hasOwn(entries, of) ? levelIn(version, entries[of]) : undefined;
  };
  return {
    content,
    creators,
    ofUser: (user) => {
      if (creators.includes(user)) return Infinity;
      if (content === undefined) return user === creator ? 100n : 0n;
      return entry('users', user) ?? level('users_default') ?? 0n;
    },
    toSend: (type, isState) =>
      entry('events', type) ?? (isState ? (level('state_default') ?? 50n) : (level('events_default') ?? 0n)),
    toDo: (action) => level(action) ?? (action === 'invite' ? 0n : 50n),
  };
}
