import { expect, test } from 'vitest';

import { createAppservices } from '../../../src/appservice/appservices.ts';
import type { StoredRegistration } from '../../../src/appservice/ports.ts';
import { readRegistration } from '../../../src/appservice/registration.ts';
import type { ServerName } from '../../../src/matrix/ids/brands.ts';
import { aRegistration } from '../../support/worker/an-appservice.ts';

function stored(): StoredRegistration {
  const read = readRegistration(aRegistration(), { isPrivate: () => false, allowPrivateAddresses: false });
  if (!read.ok) throw new Error(read.reason);
  return { registration: read.value.registration, asTokenHash: 'hash', wrappedHsToken: 'wrapped' };
}

const secrets = { unwrap: async () => 'token' };

test('what was asked for before a change is not taken for what holds after it', async () => {
  const registered = stored();
  const answers: ((all: readonly StoredRegistration[]) => void)[] = [];
  const appservices = createAppservices({
    store: { all: () => new Promise((resolve) => answers.push(resolve)) },
    secrets,
    serverName: 'eyrie.test' as ServerName,
    now: () => 0,
  });
  const before = appservices.all();
  appservices.forget();
  answers[0]?.([]);
  expect(await before).toEqual([]);
  const after = appservices.byId(registered.registration.id);
  answers[1]?.([registered]);
  expect(await after).toMatchObject({ id: registered.registration.id });
});
