import { expect, test } from 'vitest';

import { type EyrieServer, startEyrie } from '../support/node/eyrie-server.ts';
import { MatrixClient } from '../support/node/matrix-client.ts';

const SETTINGS = '/_eyrie/admin/v1/settings';

test('without the flag an administrator says who may register, and that survives a restart', async () => {
  const server = await startEyrie({ registration: 'by-setting' });
  try {
    const token = server.bootstrapToken;
    await expect(new MatrixClient(server.clientUrl).register('early')).rejects.toThrow();
    const admin = await new MatrixClient(server.clientUrl).register('admin', 'correct horse', token);
    const tell = (settings: object) => ask(server, admin, 'PUT', { settings });
    const shown = await ask(server, admin, 'GET');
    expect(shown).toMatchObject({ settings: { 'registration.mode': { value: 'closed', fixed: false } } });
    await tell({ 'registration.mode': 'open' });
    await new MatrixClient(server.clientUrl).register('first');
    await server.restart();
    await new MatrixClient(server.clientUrl).register('second');
    await tell({ 'registration.mode': 'closed' });
    await expect(new MatrixClient(server.clientUrl).register('late')).rejects.toThrow();
  } finally {
    await server.remove();
  }
});

async function ask(server: EyrieServer, admin: MatrixClient, method: string, body?: object): Promise<unknown> {
  const answer = await fetch(server.clientUrl + SETTINGS, {
    method,
    headers: { authorization: `Bearer ${admin.accessToken}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} settings: ${answer.status} ${await answer.text()}`);
  return answer.json();
}
