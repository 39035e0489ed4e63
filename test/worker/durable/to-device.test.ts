import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

import { readConfig, type Env } from '../../../src/config.ts';
import { toDeviceOf } from '../../../src/durable/to-device.ts';
import type { ServerName } from '../../../src/matrix/ids/brands.ts';

const bindings = env as unknown as Env;

test.each([
  { name: 'all servers are allowed', enabled: true, allowList: [], isKept: true },
  { name: 'the server is allowed', enabled: true, allowList: ['*.allowed.test', 'there.test'], isKept: true },
  { name: 'only others are allowed', enabled: true, allowList: ['*.allowed.test'], isKept: false },
  { name: 'federation is off', enabled: false, allowList: [], isKept: true },
  { name: 'federation is off, and only others are allowed', enabled: false, allowList: ['a.test'], isKept: false },
])('EDUs are kept for a server that we may talk to once federation is on: $name', async ({ isKept, ...policy }) => {
  const kept: ServerName[] = [];
  const { remote } = toDeviceOf(bindings, readConfig(bindings), {
    destinations: {
      keepEdus: (server) => {
        kept.push(server);
        return Promise.resolve();
      },
    },
    policy: () => Promise.resolve(policy),
  });
  const server = 'there.test' as ServerName;
  await remote.keep(server, [{ id: 'a', json: '{}' }]);
  expect(kept).toEqual(isKept ? [server] : []);
});
