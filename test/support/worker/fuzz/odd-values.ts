import type { Random } from '../../simulator/random.ts';

/** Stands in a generated value for JSON text that `JSON.stringify` would not write. */
class Raw {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const NUL = String.fromCodePoint(0);
const HALF_PAIR = '\uD800';

/** JSON numbers that JavaScript reads otherwise than they are written, or that nobody expects. */
const NUMBERS = [
  '0',
  '-0',
  '-1',
  '1.0',
  '1.5',
  '1e400',
  '-1e400',
  '1e-400',
  '1e3',
  '9007199254740991',
  '9007199254740993',
  '-9007199254740993',
  '123456789012345678901234567890',
];

const STRINGS = [
  '',
  ' ',
  NUL,
  `a${NUL}b`,
  HALF_PAIR,
  `x${HALF_PAIR}`,
  '\uDC00\uD800',
  '__proto__',
  'constructor',
  'toString',
  '../..',
  '%2F',
  '%00',
  '\u202Eright to left',
  '👩‍👩‍👧‍👦',
  "'; DROP TABLE events; --",
  '<script>alert(1)</script>',
  '@',
  '@:',
  '@a:b:c',
  `@${'u'.repeat(260)}:eyrie.test`,
  `@${NUL}:eyrie.test`,
  '!',
  '!:',
  `!${HALF_PAIR}:eyrie.test`,
  '$',
  '$event',
  '#',
  '#a:b c',
  'm.room.create',
  'm.room.member',
  'm.room.power_levels',
  's1_999999999999999_0',
  's2_1_0',
  't999999999999999_-999999999999999',
  't0_0',
  '-1',
  '1.5',
  '1e9',
  '0x10',
  'NaN',
  'Infinity',
  '99999999999999999999',
  'true',
  'null',
  '[]',
  '{}',
  '{"room":{"timeline":{"limit":-1}}}',
  '{"limit":1e400}',
  '{',
];

/** A text that is hardly ever right. */
export function oddString(random: Random): string {
  if (random.chance(0.05)) return 'x'.repeat(random.pick([256, 1_000, 70_000]));
  return random.pick(STRINGS);
}

/** Any JSON, of every type; {@link jsonText} writes it. */
export function oddValue(random: Random, depth = 0): unknown {
  const kinds = { string: 4, number: 3, other: 2, list: depth > 3 ? 0 : 1, object: depth > 3 ? 0 : 1, deep: 0.3 };
  switch (random.weighted(kinds)) {
    case 'string':
      return oddString(random);
    case 'number':
      return new Raw(random.pick(NUMBERS));
    case 'other':
      return random.pick([null, true, false]);
    case 'list':
      return Array.from({ length: random.below(4) }, () => oddValue(random, depth + 1));
    case 'object':
      return Object.fromEntries(
        Array.from({ length: random.below(4) }, () => [oddString(random), oddValue(random, depth + 1)]),
      );
    case 'deep': {
      const levels = random.pick([20, 120, 140, 10_000]);
      return new Raw(`${'['.repeat(levels)}${']'.repeat(levels)}`);
    }
  }
}

type Path = readonly (string | number)[];

/** A copy with `changes` places of it, chosen at random, left out, replaced or added. */
export function mutated(random: Random, value: unknown, changes: number): unknown {
  let held = value;
  for (let change = 0; change < changes; change += 1) {
    const places = placesIn(held);
    held = changedAt(random, held, random.pick(places));
  }
  return held;
}

function placesIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null || value instanceof Raw) return [path];
  const inner = Object.entries(value).flatMap(([key, item]) => placesIn(item, [...path, key]));
  return [path, ...inner];
}

function changedAt(random: Random, value: unknown, [key, ...rest]: Path): unknown {
  if (key === undefined) return changed(random, value);
  const entries = Object.entries(value as object).flatMap<[string, unknown]>(([name, item]: [string, unknown]) => {
    if (name !== String(key)) return [[name, item]];
    if (rest.length === 0 && random.chance(0.2)) return [];
    return [[name, changedAt(random, item, rest)]];
  });
  return Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}

function changed(random: Random, value: unknown): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Raw);
  if (isObject && random.chance(0.5)) return { ...value, [oddString(random)]: oddValue(random) };
  return oddValue(random);
}

/** A value of {@link oddValue} as JSON. */
export function jsonText(value: unknown): string {
  if (value instanceof Raw) return value.text;
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${jsonText(item)}`).join(',')}}`;
}

/** Bodies that are no JSON, or not what a body begins with. */
const BODIES = ['', ' ', '{', '[]', 'null', '"text"', '0', '{"a":}', '\uFEFF{}', '{"a":1}trailing', '{}\n'];

export const oddBody = (random: Random): string => random.pick(BODIES);

const SEGMENTS = [
  '%00',
  '%2F',
  '%2F%2F',
  '%ff',
  '%C3%28',
  '%ED%A0%80',
  '%F0%9F%98%80',
  '%',
  '%zz',
  '%25',
  '.',
  '+',
  '',
];

/** One segment of a path, as it stands in the request. */
export function oddSegment(random: Random): string {
  if (random.chance(0.5)) return random.pick(SEGMENTS);
  return percentEncoded(oddString(random)).slice(0, 4_000);
}

/** `encodeURIComponent` that takes half a surrogate pair too. */
export function percentEncoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
