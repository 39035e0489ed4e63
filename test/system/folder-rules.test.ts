import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import { beforeAll, describe, expect, test } from 'vitest';

import { temporaryData } from '../support/node/eyrie-server.ts';

const root = join(import.meta.dirname, '..', '..');

const useCases = [
  'settings',
  'room',
  'user',
  'federation',
  'appservice',
  'accounts',
  'device-keys',
  'to-device',
  'rooms',
  'sync',
  'push',
  'media',
  'projection',
  'directory',
  'diagnostics',
];
const everyUseCase = useCases.map((folder) => `src/${folder}/x.ts`);
const everyObject = ['src/durable/objects.ts', 'src/durable/room/room.ts', 'src/durable/room/client.ts'];
const everyStorage = ['src/storage/sql.ts', 'src/storage/d1/x.ts'];
const shared = ['src/matrix/x.ts', 'src/observability/log.ts'];

/** What a file may try to import: files of the project, and packages. */
const targets = [
  ...shared,
  ...everyUseCase,
  ...everyObject,
  ...everyStorage,
  'src/http/x.ts',
  'src/wiring/x.ts',
  'src/app.ts',
  'src/index.ts',
  'src/config.ts',
  'src/utils.ts',
  'src/common/x.ts',
  'embedded/flags.ts',
  'scripts/ci.ts',
  'bench/run.ts',
  'test/support/x.ts',
  'migrations/room.ts',
  'hono',
  'hono/validator',
  'valibot',
  '@valibot/to-json-schema',
  'drizzle-orm',
  'drizzle-orm/d1',
  'cloudflare:workers',
  'wrangler',
  'node:crypto',
  'node:fs',
  '@noble/ed25519',
];

/** Packages of use-cases. */
const packages: Record<string, string[]> = {
  settings: ['valibot', '@noble/ed25519'],
  accounts: ['node:crypto'],
  push: ['node:crypto'],
};

/** What the design lets a folder import; `types` by `import type` alone. */
const allowed: Record<string, { values: string[]; types?: string[] }> = {
  'src/matrix': { values: ['src/matrix/x.ts', 'node:crypto'] },
  ...Object.fromEntries(
    useCases.map((folder) => [
      `src/${folder}`,
      { values: [...shared, `src/${folder}/x.ts`, ...(packages[folder] ?? [])], types: ['src/settings/x.ts'] },
    ]),
  ),
  'src/storage': {
    values: [...shared, ...everyStorage, 'migrations/room.ts', 'drizzle-orm', 'drizzle-orm/d1'],
    types: everyUseCase,
  },
  'src/durable': {
    values: [
      ...shared,
      ...everyUseCase,
      ...everyObject,
      ...everyStorage,
      'src/config.ts',
      'migrations/room.ts',
      'cloudflare:workers',
    ],
  },
  'src/http': {
    values: [
      ...shared,
      ...everyUseCase,
      'src/http/x.ts',
      'src/durable/room/client.ts',
      'hono',
      'hono/validator',
      'valibot',
      '@valibot/to-json-schema',
      'node:crypto',
    ],
  },
  'src/observability': { values: ['src/observability/log.ts'] },
};

type Kind = 'import' | 'import type';
const kinds: Kind[] = ['import', 'import type'];
/** At the top of a folder, and further down, where the way to the others is longer. */
const places = ['.', 'deep/down'];

let tree: string;
let printed: string;

beforeAll(() => {
  tree = temporaryData();
  copyFileSync(join(root, '.oxlintrc.json'), join(tree, '.oxlintrc.json'));
  for (const folder of Object.keys(allowed)) {
    for (const kind of kinds) for (const place of places) writeImports(probe(folder, kind, place), kind);
  }
  const oxlint = join(root, 'node_modules', '.bin', 'oxlint');
  printed = spawnSync(oxlint, ['--format', 'unix'], { cwd: tree, encoding: 'utf8', maxBuffer: 2 ** 26 }).stdout;
});

describe.each(Object.keys(allowed))('%s', (folder) => {
  const { values, types = [] } = allowed[folder] ?? { values: [] };

  test.each([
    ['import', values],
    ['import type', [...values, ...types]],
  ] as const)('%s: lint refuses everything but what the design allows', (kind, wanted) => {
    for (const place of places) {
      const file = probe(folder, kind, place);
      const lines = printed.split('\n').filter((line) => line.startsWith(`${file}:`));
      const passes = targets.filter(
        (target) => !lines.some((line) => line.includes(`'${specifier(file, target)}' import is`)),
      );
      expect(passes.sort()).toEqual([...new Set(wanted)].sort());
    }
  });
});

/** The path of a file that imports all targets. */
function probe(folder: string, kind: Kind, place: string): string {
  return join(folder, place, `${kind.replace(' ', '-')}.ts`);
}

function writeImports(file: string, kind: Kind): void {
  const lines = targets.map((target, index) => `${kind} { x as x${index} } from '${specifier(file, target)}';\n`);
  mkdirSync(join(tree, dirname(file)), { recursive: true });
  writeFileSync(join(tree, file), lines.join(''));
}

/** How a file names a target. */
function specifier(file: string, target: string): string {
  if (!target.endsWith('.ts')) return target;
  const path = relative(dirname(file), target);
  return path.startsWith('.') ? path : `./${path}`;
}
