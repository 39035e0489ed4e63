import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';

test.each(['room', 'user', 'destination', 'appservice'])(
  'every migration of a %s object is in the list that it runs',
  (name) => {
    const files = readdirSync(`migrations/${name}`).filter((file) => file.endsWith('.sql'));
    const list = readFileSync(`migrations/${name}.ts`, 'utf8');
    const imports = [...list.matchAll(/^import (\w+) from '\.\/\w+\/(\w+\.sql)';$/gm)];
    expect(imports.map(([, , file]) => file)).toEqual(files.toSorted());
    const run = /= \[([^\]]*)\]/.exec(list.replaceAll('readonly string[]', ''))?.[1] ?? '';
    expect(run.split(',').map((each) => each.trim())).toEqual(imports.map(([, imported]) => imported));
  },
);
