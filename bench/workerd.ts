import { readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';

const relativeImport = /^(?:import|export) .*?from '(\.[^']+)';$/gms;

/**
 * Starts workerd with a Worker written in TypeScript and the modules it imports, without a bundler: types are
 * stripped as Node does it. Only relative imports and `node:*` are understood.
 */
export async function startWorkerd(entry: URL): Promise<Miniflare> {
  const contents = new Map<string, string>();
  await collect(entry, contents);
  const modules = [...contents].map(([path, text]) => ({ type: 'ESModule' as const, path, contents: text }));
  return new Miniflare(
    convertV4MiniflareOptions({
      workers: [{ name: 'bench', compatibilityDate: '2026-10-27', modulesRoot: '/', modules }],
    }),
  );
}

/** Reads a module and those that it imports. @param contents by absolute path. */
async function collect(url: URL, contents: Map<string, string>): Promise<void> {
  if (contents.has(pathOf(url))) return;
  const text = stripTypeScriptTypes(await readFile(url, 'utf8'));
  contents.set(pathOf(url), text);
  for (const [, specifier] of text.matchAll(relativeImport)) {
    if (specifier !== undefined) await collect(new URL(specifier, url), contents);
  }
}

const pathOf = (url: URL): string => fileURLToPath(url);
