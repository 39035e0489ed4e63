import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';

import { build } from 'esbuild';

const page = join(import.meta.dirname, '..', 'page');
const types: Record<string, string> = { '.html': 'text/html', '.css': 'text/css', '.js': 'text/javascript' };

/** A page on loopback. */
export interface PageServer {
  url: string;
  close(): Promise<void>;
}

/** Bundles the page and serves it. */
export async function servePage(): Promise<PageServer> {
  const { outputFiles } = await build({
    entryPoints: [join(page, 'app.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    define: { global: 'globalThis' },
    logLevel: 'error',
  });
  const files = new Map([
    ['/app.js', Buffer.from(outputFiles[0]?.contents ?? [])],
    ['/', await readFile(join(page, 'index.html'))],
    ['/style.css', await readFile(join(page, 'style.css'))],
  ]);
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    const file = files.get(path);
    if (file === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': `${types[extname(path) || '.html']}; charset=utf-8` }).end(file);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    url: `http://127.0.0.1:${address.port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
