import { writeFileSync } from 'node:fs';

import { unstable_getMiniflareWorkerOptions } from 'wrangler';

/**
 * Build step: what wrangler.toml means to Miniflare, written beside the bundle, so that the launcher need not load
 * wrangler (130 MB of memory and a second of its start).
 */
const { workerOptions } = unstable_getMiniflareWorkerOptions('wrangler.toml');
const { modulesRules: _modulesRules, ...options } = workerOptions;
writeFileSync('dist/options.json', JSON.stringify(options));
process.exit(0);
