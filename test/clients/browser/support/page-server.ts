import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const page = join(import.meta.dirname, '..', 'page');
const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.wasm': 'application/wasm',
};
const cryptography = fileURLToPath(import.meta.resolve('@matrix-org/matrix-sdk-crypto-wasm'));
/** Beside the module that asks for it, which is in `app.js` here. */
const wasm = 'pkg/matrix_sdk_crypto_wasm_bg.wasm';

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
    [`/${wasm}`, await readFile(join(dirname(cryptography), wasm))],
    ['/style.css', await readFile(join(page, 'style.css'))],
  ]);
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    const file = files.get(path);
    if (file === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': types[extname(path) || '.html'] }).end(file);
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
