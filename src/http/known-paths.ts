import type { Hono } from 'hono';
import { TrieRouter } from 'hono/router/trie-router';

/**
 * Tells a wrong method from an unknown path: Hono answers both with 404, the specification wants 405 for the first.
 * @returns whether any route, of whatever method, has this path.
 */
export function knownPaths(app: Pick<Hono, 'routes'>): (path: string) => boolean {
  const router = new TrieRouter<true>();
  for (const { path, method } of app.routes) if (method !== 'ALL') router.add('ALL', path, true);
  return (path) => router.match('ALL', path)[0].length > 0;
}
