import { type EyrieOptions, type EyrieServer, startEyrie } from './eyrie-server.ts';
import { TestAuthority } from './test-authority.ts';

/** Two servers that federate, under one authority that both know. */
export async function startTwoEyries(options: EyrieOptions = {}): Promise<readonly [EyrieServer, EyrieServer]> {
  const authority = await TestAuthority.make();
  const start = async () => {
    const { cert, key } = await authority.certificate();
    return startEyrie({ ...options, tlsCert: cert, tlsKey: key, env: { NODE_EXTRA_CA_CERTS: authority.caFile } });
  };
  return Promise.all([start(), start()]);
}
