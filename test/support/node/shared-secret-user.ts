import { createHmac } from 'node:crypto';

import { MatrixClient } from './matrix-client.ts';

const PATH = '/_synapse/admin/v1/register';

/** Makes an account by the server's shared secret, as administrators' tools do, and logs in. */
export async function registerBySharedSecret(
  { clientUrl, sharedSecret }: { readonly clientUrl: string; readonly sharedSecret: string },
  username: string,
  { password = 'correct horse battery', admin = false }: { password?: string; admin?: boolean } = {},
): Promise<MatrixClient> {
  const client = new MatrixClient(clientUrl);
  const { nonce } = await client.request<{ nonce: string }>('GET', PATH);
  const signed = [nonce, username, password, admin ? 'admin' : 'notadmin'].join('\0');
  const mac = createHmac('sha1', sharedSecret).update(signed).digest('hex');
  await client.request('POST', PATH, { nonce, username, password, admin, mac });
  return client.login(username, password);
}
