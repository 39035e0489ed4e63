import { expect, test } from 'vitest';

import { putRegistration, type AdministerDeps } from '../../../src/appservice/administer.ts';
import type { StoredRegistration } from '../../../src/appservice/ports.ts';
import type { ServerName } from '../../../src/matrix/ids/brands.ts';
import { aRegistration } from '../../support/worker/an-appservice.ts';

test('a registration that is written is answered, so that its tokens are shown, though its queue does not answer', async () => {
  const written: StoredRegistration[] = [];
  const deps: AdministerDeps = {
    serverName: 'eyrie.test' as ServerName,
    store: {
      all: async () => written,
      find: async () => undefined,
      put: async (stored) => written.push(stored) > 0,
      remove: async () => false,
    },
    secrets: { wrap: async (text) => text, unwrap: async (text) => text },
    senders: { ensure: async () => undefined },
    urls: { isPrivate: () => false, allowPrivateAddresses: false },
    changed: () => undefined,
    queue: {
      registered: () => Promise.reject(new Error('the object is overloaded')),
      removed: async () => undefined,
    },
    now: () => 1_000,
  };
  const { id, ...body } = aRegistration();
  expect(await putRegistration(deps, 'an administrator', id, body)).toMatchObject({ id });
  expect(written).toHaveLength(1);
});
